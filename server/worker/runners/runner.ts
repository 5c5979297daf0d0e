import type { Coverage, TestCase, TestReport, TestRunner } from "../../../schemas/tests.ts";
import type { ProcessResult } from "../process.ts";
import type { ScriptCommand } from "./script.ts";

/** A test runner found in a project, and how the project itself starts it. */
export interface DetectedRunner {
  runner: TestRunner;
  /** Folder of the package it belongs to, absolute; it runs there. */
  folder: string;
  /** Absolute path of its program (a script for Node, or pytest); `null`: it is not installed. */
  program: string | null;
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
}

/** How one kind of runner is started and its report read. See `CONTRIBUTING.md`: "add a runner". */
export interface RunnerAdapter {
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
