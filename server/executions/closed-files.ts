import type { TestReport } from "../../schemas/tests.ts";
import { ignoreRules } from "../workspace/ignore.ts";

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
 *
 * @param opened the files that the user already opened
 */
export const closedTestFiles = (
  workspace: string,
  { tests, load_errors }: TestReport,
  opened: readonly string[],
): string[] => {
  const failing = [...tests.filter(({ status }) => status === "failed"), ...load_errors];
  if (failing.length === 0) return [];
  const rules = ignoreRules(workspace);
  return foldersAround(failing.map(({ file }) => file))
    .flatMap((folder) => forTests.map((name) => (folder === "" ? name : `${folder}/${name}`)))
    .filter((path) => !opened.includes(path) && rules.closedBy(path) !== null && rules.mayBeOpened(path));
};

/**
 * Tells a user whom nobody asks, such as in CI, which of these files failing tests may need.
 *
 * @param failing what fails, as the beginning of a sentence, such as `Tests fail before the run`
 */
export const closedFilesInWords = (failing: string, paths: readonly string[]): string => {
  const [these, them] = paths.length === 1 ? ["this file", "it"] : ["these files", "them"];
  const allowing = paths.map((path) => `--allow-file ${path}`).join(" ");
  return `${failing}, and they may need ${paths.join(", ")}. The private copy does not have ${these}, because something in ${them} looks like a secret. To let tests read ${them}, use ${allowing}. Or use --test-command to name a command that sets the values.`;
};
