import type {
  Coverage,
  Mutant,
  MutantReached,
  Tampering,
  TestCase,
  TestReport,
  TestRunner,
} from "../../../schemas/tests.ts";
import type { ProcessResult } from "../process.ts";
import type { ArgumentRules, ScriptCommand } from "../../workspace/test-script.ts";

/** A test runner found in a project, and how the project itself starts it. */
export interface DetectedRunner {
  runner: TestRunner;
  /** Folder of the package it belongs to, absolute; it runs there. */
  folder: string;
  /** Name of the file in `folder` that says so; absent: the language brings the runner along. */
  source?: string;
  /** Absolute path of its program (a script for Node, or pytest); `null`: it is not installed. */
  program: string | null;
  /** Lines for a shell that the project runs before, to build what its tests need. */
  before?: readonly string[];
  /** The project's own flags, variables and patterns for it. */
  script: ScriptCommand;
}

/** One run of one runner. */
export interface TestJob extends DetectedRunner {
  /** Only these test files, relative to `folder`; `null`: all. */
  files: string[] | null;
  /** Only tests whose full name (suites and test, joined with ` > `) contains this; `null`: all. */
  name: string | null;
  coverage: boolean;
  /** Absolute folder for the report, outside the workspace; empty, removed afterwards. */
  reportFolder: string;
}

/** What to start; the variables come on top of `childEnvironment` and the script's own. */
interface Launch {
  /** Program first. */
  command: readonly string[];
  env: Record<string, string>;
}

/** What a report tells. Paths are absolute or relative to the job's folder. */
export interface TestResults {
  /** Whether the runner came to its end; false: it broke off, and the rest is what it told before. */
  complete: boolean;
  tests: TestCase[];
  load_errors: TestReport["load_errors"];
  /** Errors outside of any test that the report tells. */
  errors: TestReport["errors"];
  coverage: Coverage["files"] | null;
  /** What the witness of a watched run saw; absent: nobody watched. */
  tampering?: Tampering[];
  mutants?: Mutant[];
  reached?: MutantReached[];
}

/** Where a runner finds our files and puts its own. */
export interface ReportFolders {
  /** For its report. */
  report: string;
  /** With the reporters of {@link RunnerAdapter.files}. */
  files: string;
}

export const foldersOf = ({ reportFolder }: Pick<TestJob, "reportFolder">): ReportFolders => ({
  report: reportFolder,
  files: reportFolder,
});

/**
 * How a runner that the project's own script starts is made to report as well: what `hook.ts`
 * changes of its arguments, in its own process. Folders are those of this process's report.
 */
export interface ReportHook {
  /** The end of the path of its main script; null: Node itself, with `--test`. */
  main: RegExp | null;
  /** Name of a program that is no script of Node's: a script of that name comes before it on PATH. */
  program?: string;
  /** Name of the script of {@link RunnerAdapter.files} that is loaded before its main script. */
  loads?: string;
  /** One of {@link RunnerAdapter.files} takes the place of its configuration, and includes it. */
  configuration?: {
    /** Names of the configuration where its arguments name none. */
    defaults: readonly string[];
    /** The variable that gives our configuration the place of the project's own. */
    variable: string;
    /** Flags whose values our configuration sets, and the variables that pass them on. */
    values: Readonly<Record<string, string>>;
    file: string;
  };
  rules: ArgumentRules;
  /** First words (subcommands) that become another: `watch` is `run`. */
  words?: Readonly<Record<string, string>>;
  /** Acts only with one of these first words. */
  onlyWith?: readonly string[];
  flags(folders: ReportFolders): string[];
  coverage?: {
    flags(folders: ReportFolders): string[];
    /** Added where the project itself asks for no coverage: its threshold does not count then. */
    withoutThreshold: readonly string[];
    /** Arguments, or text of a configuration file, by which the project itself asks for coverage. */
    own: RegExp;
    /** Packages of which one must be installed to measure; absent: none is needed. */
    needs?: readonly string[];
  };
  /** Variables of this process. */
  env?(folders: ReportFolders): Record<string, string>;
  /** Name of the file that gets what it prints, too. */
  output?: string;
  /** Goes on to another runner in a process of its own, as coverage tools do. */
  isWrapper?: boolean;
}

/** How one kind of runner is started and its report read. See `CONTRIBUTING.md`: "add a runner". */
export interface RunnerAdapter {
  /** Absent: the runner has no main script of Node's. */
  hook?: ReportHook;
  /** Our reporters that its flags name: text by file name, put into the report's folder. */
  files?: Readonly<Record<string, string>>;
  launch(job: TestJob): Promise<Launch>;
  read(job: TestJob, ended: ProcessResult): Promise<TestResults>;
}

export const noResults = (complete: boolean): TestResults => ({
  complete,
  tests: [],
  load_errors: [],
  errors: [],
  coverage: null,
});
