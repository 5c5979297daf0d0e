import type { TestReport } from "../../../schemas/tests.ts";
import type { WorkerParams } from "../../../schemas/worker.ts";
import { shellCommand } from "./command.ts";
import { detectRunner } from "./detect.ts";
import { networkVariables, packageTestCommand } from "./package-script.ts";
import { withPackages } from "./package.ts";
import type { ProjectCommand } from "./project-command.ts";
import type { DetectedRunner } from "./runner.ts";

/** The runner that the project's test script begins with, if it is not installed. */
export const missingRunner = (root: string): DetectedRunner | null => {
  const detected = detectRunner(root);
  return detected?.program === null && detected.runner !== "command" ? detected : null;
};

/** The command that tests the whole project, if there is one. The user's own command takes precedence. */
export const wholeCommand = (
  root: string,
  { files, name, command: line, report }: WorkerParams<"tests/run">,
): ProjectCommand | null => {
  if (line !== null)
    return {
      folder: root,
      shown: shellCommand(line),
      lines: [line],
      env: withPackages(root, networkVariables(root)),
    };
  if (report !== undefined) return packageTestCommand(root);
  return files === null && name === null ? packageTestCommand(root) : null;
};

/** The command that tests the package of a detected runner as a whole; null if there is none. */
export const detectedCommand = ({ runner, folder, script }: DetectedRunner): ProjectCommand | null => {
  const own = packageTestCommand(folder);
  if (own !== null || runner !== "command") return own;
  const env = withPackages(folder, networkVariables(folder));
  return { folder, shown: script.args, lines: [script.args.join(" ")], env };
};

/** The exit code of a shell that does not find a program. */
const NOT_FOUND = 127;

/**
 * Whether the runners can show what the project's own command does not: it ended before it ran a test, because a
 * check before the tests failed, or because the tool of a monorepo is missing.
 */
export const endedEarly = (
  root: string,
  report: TestReport,
  runners: () => readonly DetectedRunner[],
): boolean => {
  if (report.runner !== "command" || report.outcome === "passed" || report.outcome === "timed_out")
    return false;
  const known = runners().filter(({ runner }) => runner !== "command");
  // If the project itself lacks a program, the user must install it.
  const isInstalled = report.exit_code !== NOT_FOUND || known.every(({ folder }) => folder !== root);
  return known.length > 0 && isInstalled;
};
