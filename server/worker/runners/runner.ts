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
  /** The absolute path of its package's folder, in which it runs. */
  folder: string;
  /** The name of the file in `folder` that names the runner. Missing if the language provides it. */
  source?: string;
  /** The absolute path of its program (a script for Node, or pytest); null if it is not installed. */
  program: string | null;
  /** Lines for a shell that the project runs before, to build the files that its tests need. */
  before?: readonly string[];
  /** The project's own flags, variables and patterns for it. */
  script: ScriptCommand;
}

/** One run of one runner. */
export interface TestJob extends DetectedRunner {
  /** The test files to run, relative to `folder`; null means all. */
  files: string[] | null;
  /** Runs only tests whose full name (suites and test, joined with ` > `) contains this; null means all. */
  name: string | null;
  coverage: boolean;
  /** The absolute path of an empty folder for the report, outside the workspace. It is removed afterwards. */
  reportFolder: string;
}

/** What to start. The variables are added to `childEnvironment` and to those of the script. */
interface Launch {
  /** The program and its arguments. */
  command: readonly string[];
  env: Record<string, string>;
}

/** The results in a report. Paths are absolute or relative to the job's folder. */
export interface TestResults {
  /** Whether the runner finished. If not, the results are those that it reported before it stopped. */
  complete: boolean;
  tests: TestCase[];
  load_errors: TestReport["load_errors"];
  /** Errors outside of all tests in the report. */
  errors: TestReport["errors"];
  coverage: Coverage["files"] | null;
  /** Requested files that the build leaves out. Missing: none, or the runner does not leave files out. */
  left_out?: NonNullable<TestReport["left_out"]>;
  /** What the witness of a watched run saw. Missing if there was no witness. */
  tampering?: Tampering[];
  mutants?: Mutant[];
  reached?: MutantReached[];
}

/** The folders of our files and of a runner's report. */
export interface ReportFolders {
  /** The folder for its report. */
  report: string;
  /** The folder of the reporters in {@link RunnerAdapter.files}. */
  files: string;
}

export const foldersOf = ({ reportFolder }: Pick<TestJob, "reportFolder">): ReportFolders => ({
  report: reportFolder,
  files: reportFolder,
});

/**
 * How `hook.ts` changes the arguments of a runner in its own process, so that a runner that the project's own script
 * starts also reports to us. Folders are those of this process's report.
 */
export interface ReportHook {
  /** The end of the path of its main script; null means Node itself, with `--test`. */
  main: RegExp | null;
  /** The name of a program that is not a Node script. A script with this name comes before it on PATH. */
  program?: string;
  /** The name of the script in {@link RunnerAdapter.files} that is loaded before its main script. */
  loads?: string;
  /** A file in {@link RunnerAdapter.files} that replaces its configuration and includes it. */
  configuration?: {
    /** Names of the configuration if the arguments name none. */
    defaults: readonly string[];
    /** The variable that passes the path of the project's configuration to ours. */
    variable: string;
    /** Flags whose values our configuration sets, and the variables that pass them on. */
    values: Readonly<Record<string, string>>;
    file: string;
  };
  rules: ArgumentRules;
  /** Subcommands that are replaced by another one, such as `watch` by `run`. */
  words?: Readonly<Record<string, string>>;
  /** Acts only with one of these subcommands. */
  onlyWith?: readonly string[];
  flags(folders: ReportFolders): string[];
  coverage?: {
    flags(folders: ReportFolders): string[];
    /** Arguments that are added if the project itself measures no coverage, so that its threshold does not count. */
    withoutThreshold: readonly string[];
    /** Matches arguments or configuration with which the project itself measures coverage. */
    own: RegExp;
    /** Packages of which one must be installed to measure coverage. Missing if none is needed. */
    needs?: readonly string[];
  };
  /** Variables for this process. */
  env?(folders: ReportFolders): Record<string, string>;
  /** The name of the file that its output is also written to. */
  output?: string;
  /** The library whose tests a program of the project runs, without its main script: `node test/index.js`. */
  library?: string;
  /** Whether it starts runners in other processes and reports nothing itself. Its flags follow its subcommand. */
  isWrapper?: boolean;
}

/** How to start one kind of runner and read its report. See "a test runner" in `CONTRIBUTING.md`. */
export interface RunnerAdapter {
  /** Missing if the main script of the runner does not run in Node. */
  hook?: ReportHook;
  /** The texts of our reporters by file name. They are written into the report's folder, and its flags name them. */
  files?: Readonly<Record<string, string>>;
  launch(job: TestJob): Promise<Launch>;
  read(job: TestJob, ended: ProcessResult): Promise<TestResults>;
}

/** The requested files of which no test ran. */
export const filesWithoutTests = (
  { files }: Pick<TestJob, "files">,
  { tests }: Pick<TestResults, "tests">,
): string[] => {
  const ran = new Set(tests.map(({ file }) => file));
  return (files ?? []).filter((file) => !ran.has(file));
};

export const noResults = (complete: boolean): TestResults => ({
  complete,
  tests: [],
  load_errors: [],
  errors: [],
  coverage: null,
});
