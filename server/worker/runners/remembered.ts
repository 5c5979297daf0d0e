import { join } from "node:path";
import type { TestReport } from "../../../schemas/tests.ts";
import { exists } from "../../workspace/file-access.ts";
import { looseTests } from "./detect.ts";
import { runProjectCommand, type CommandRun, type ProjectCommand } from "./project-command.ts";

/** Commands whose tests a runner reported in this instance, and commands that ran none before, or never do. */
const withTests = new Set<string>();
const withoutTests = new Set<string>();

const keyOf = ({ folder, lines }: ProjectCommand): string => [folder, ...lines].join("\n");

/** The variable by which make runs each rule, also if its files are older than its result. */
const remakeAll = { MAKEFLAGS: "B" };

/** Whether the command succeeded, and no runner reported a test. */
const isSilent = ({ runner, outcome }: TestReport): boolean => runner === "command" && outcome === "passed";

/** Whether make may have left out tests in a language whose runners report to us under any command. */
const mayLeaveOut = (root: string, { folder }: ProjectCommand): boolean =>
  [root, folder].some((at) =>
    ["GNUmakefile", "makefile", "Makefile"].some((name) => exists(join(at, name))),
  ) && looseTests(root).length > 0;

/**
 * Runs the project's own test command, but does not accept a result that it remembers: make, Task, doit and others
 * succeed without starting a runner if nothing has changed since an earlier run. make then runs again with all its
 * rules. If the command has run tests in this instance and runs none now, that is an error with its name. A command
 * that ran none at first may select tests by what has changed, so it is not blamed.
 */
export const runWithoutMemory = async (
  root: string,
  project: ProjectCommand,
  run: CommandRun,
  signal: AbortSignal,
): Promise<TestReport> => {
  const key = keyOf(project);
  const first = await runProjectCommand(root, project, run, signal);
  if (run.report !== null) return first;
  const report =
    isSilent(first) && !withoutTests.has(key) ? await again(root, project, run, first, signal) : first;
  if (report.runner !== "command") withTests.add(key);
  if (!isSilent(report)) return report;
  if (withTests.has(key) && !withoutTests.has(key)) return leftOut(report);
  withoutTests.add(key);
  return report;
};

/** The report of make with all its rules. The first report, if this does not run a test either. */
const again = async (
  root: string,
  project: ProjectCommand,
  run: CommandRun,
  first: TestReport,
  signal: AbortSignal,
): Promise<TestReport> => {
  const timeoutMs = run.timeoutMs - first.duration_ms;
  if (timeoutMs <= 0 || !mayLeaveOut(root, project)) return first;
  const env = { ...project.env, ...remakeAll };
  const reportFolder = join(run.reportFolder, "again");
  const report = await runProjectCommand(
    root,
    { ...project, env },
    { ...run, reportFolder, timeoutMs },
    signal,
  );
  return report.runner === "command" ? first : report;
};

/** The report of a command that ran tests before in this instance, and none now. */
const leftOut = (report: TestReport): TestReport => ({
  ...report,
  outcome: "failed",
  errors: [
    {
      name: `${report.command.join(" ")} ended with exit code 0 without running a test, although it ran tests before`,
      message:
        `It may have used the result of an earlier run. Nothing shows that the tests pass.\n${report.output}`.trim(),
    },
  ],
  tests: [],
  counts: { passed: 0, failed: 0, skipped: 0 },
});
