import type { FileChange } from "../../../schemas/changes.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import type { ProvingGround } from "../../executions/execution-request.ts";
import { ignoreRules } from "../../workspace/ignore.ts";

/**
 * Wraps a ground to ask the user about files that tests need but may not read, and runs the tests again when
 * the user opens one. Any test run can need this: a resumed run, or a new run that keeps stages of an earlier
 * one, does not measure the workspace again. Asks only about files that the workspace's own tests need, because an
 * agent could name any file in a test. Failing tests may also need a file without naming it, because many
 * programs ignore a missing one. It then asks about `closed`, the environment files that the copy lacks.
 */
export const askingForFiles = (
  ground: ProvingGround,
  closed: (report: TestReport) => readonly string[] = () => [],
): ProvingGround => {
  const refused = new Set<string>();
  let present: readonly FileChange[] = [];
  const isOwn = async (path: string): Promise<boolean> => {
    if (present.length === 0) return true;
    await ground.prepare([]);
    const { environment } = await ground.runTests({ files: null, coverage: false });
    await ground.prepare(present);
    return environment?.closed_file === path;
  };
  const lackingFile = (report: TestReport): string | undefined => {
    const named = report.environment?.closed_file;
    if (named !== undefined || present.length > 0) return named;
    return closed(report).find((path) => !refused.has(path));
  };
  const isOpened = async (report: TestReport): Promise<boolean> => {
    const path = lackingFile(report);
    if (path === undefined || refused.has(path)) return false;
    if ((await isOwn(path)) && (await ground.openFile?.(path, report.command.join(" "))) === true)
      return true;
    refused.add(path);
    return false;
  };
  const prepare = (changes: readonly FileChange[]): Promise<void> => {
    present = changes;
    return ground.prepare(changes);
  };
  return {
    ...ground,
    prepare,
    runTests: async (wanted) => {
      let report = await ground.runTests(wanted);
      while (await isOpened(report)) {
        await prepare(present);
        report = await ground.runTests(wanted);
      }
      return report;
    },
  };
};

/** Names of environment files that projects use for their tests. */
const forTests = [".env.test", ".env.testing", ".env.ci"];

/** The folder of each of these files and all folders above; "" is the workspace. */
const foldersAround = (files: readonly string[]): string[] => [
  ...new Set(
    files.flatMap((file) => file.split("/").map((_, depth, parts) => parts.slice(0, depth).join("/"))),
  ).add(""),
];

/**
 * Those at the root of the workspace and around the failing tests, such as in their package, that a private
 * copy lacks and that the user may open.
 */
export const closedTestFiles = (workspace: string, { tests, load_errors }: TestReport): string[] => {
  const failing = [...tests.filter(({ status }) => status === "failed"), ...load_errors];
  if (failing.length === 0) return [];
  const rules = ignoreRules(workspace);
  return foldersAround(failing.map(({ file }) => file))
    .flatMap((folder) => forTests.map((name) => (folder === "" ? name : `${folder}/${name}`)))
    .filter((path) => rules.closedBy(path) !== null && rules.mayBeOpened(path));
};

/** Tells a user whom nobody asks, such as in CI, which of these files failing tests may need. Null: none. */
export const closedFilesInWords = (workspace: string, report: TestReport): string | null => {
  const [path, ...others] = closedTestFiles(workspace, report);
  if (path === undefined) return null;
  const paths = [path, ...others].join(", ");
  return `Tests fail before the run, and they may need ${paths}. The private copy does not have ${others.length === 0 ? "this file" : "these files"}, because something in ${others.length === 0 ? "it" : "them"} looks like a secret. Run the team in a terminal or in VS Code and allow tests to read ${others.length === 0 ? "it" : "them"} when CODITECT asks, or use --test-command to name a command that sets the values.`;
};
