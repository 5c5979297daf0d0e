import type { WriteAccess } from "../../schemas/gates.ts";
import { plainestPath } from "./plainest-path.ts";

/** What a file of a workspace is to a team: see {@link classifyPath}. */
export type PathKind = "test" | "test-config" | "document" | "source";

const testFolders = new Set([
  "test",
  "tests",
  "__tests__",
  "spec",
  "specs",
  "e2e",
  "__mocks__",
  "__snapshots__",
  "__fixtures__",
  "testdata",
  "test-utils",
  "test-helpers",
  "test_helpers",
  "test-support",
]);
const documentFolders = new Set(["doc", "docs", "documentation"]);

const testName =
  /(\.|-|_)(test|spec|cy|e2e)\.[^.]+$|^tests\.py$|^test_.+\.py$|(Test|Tests|IT)\.(java|kt|cs)$|\.snap$/;

/** Names of tests, unless they stand among sources: `src/commands/test.js` is the command `test`. */
const outsideOfSources = /^(test|tests)\.(py|[cm]?[jt]sx?)$|^test[_-].+\.[cm]?[jt]sx?$|^test-.+\.py$/;
const sourceFolders = new Set(
  "src source lib app cmd cli bin commands tasks routes pages api server client components controllers handlers models services utils helpers views scripts tools".split(
    " ",
  ),
);

const configurationName =
  /^(vitest|vite|jest|karma|playwright|cypress|wdio|ava|nyc|c8|web-test-runner)\.(config|workspace|setup|conf|global-setup)(\.[\w-]+)?\.([cm]?[jt]s|json)$|^(setup-?tests?|setup-?(jest|vitest))\.[cm]?[jt]sx?$|^\.(mocharc|nycrc|c8rc|taprc)(\.[cm]?[a-z]+)?$|^(conftest\.py|pytest\.ini|\.pytest\.ini|tox\.ini|noxfile\.py|\.coveragerc)$/i;

const documentName = /\.(md|mdx|markdown|rst|adoc|mmd)$|^(readme|changelog|license|contributing)(\.\w+)?$/i;
const documentAsset = /\.(md|mdx|markdown|rst|adoc|mmd|txt|svg|png|jpe?g|gif|webp|drawio|puml)$/i;

/**
 * What a file is, told from its path alone. Write rights of a stage and the gate `untouched` both
 * use this rule, so that what a Coder may not write is exactly what the gate watches.
 *
 * - `test`: tests with their fixtures, mocks and snapshots;
 * - `test-config`: what decides which tests run and how: runner configuration, `conftest.py`,
 *   set-up files;
 * - `document`: documentation, and pictures in a documentation folder;
 * - `source`: everything else.
 */
export const classifyPath = (path: string): PathKind => {
  const name = path.slice(path.lastIndexOf("/") + 1);
  // Another spelling of a test's path is the same file to some systems: `Test/a.js`, `test./a.js`.
  const [plainName = "", ...outward] = plainestPath(path).split("/").reverse();
  const folders = outward.reverse();
  if (configurationName.test(name)) return "test-config";
  if (documentFolders.has(folders[0] ?? "") && documentAsset.test(name)) return "document";
  if (testName.test(name) || testName.test(plainName) || folders.some((folder) => testFolders.has(folder)))
    return "test";
  if (outsideOfSources.test(name) && !folders.some((folder) => sourceFolders.has(folder))) return "test";
  return documentName.test(name) ? "document" : "source";
};

/**
 * Whether it is a test that a team can keep from the agents who write the code: its name contains
 * `held-back`, as in `bill.held-back.test.js`, `test_held_back_bill.py` or `HeldBackBillTest.java`.
 */
export const isHeldBack = (path: string): boolean =>
  namesHeldBack(path.split("/").at(-1) ?? path) && classifyPath(path) === "test";

/** Whether a text speaks of such a test. */
export const namesHeldBack = (text: string): boolean => /held[-_. ]?back/i.test(text);

/**
 * What directs the agents themselves: teams with their gates, agents, lessons, what is closed to
 * them. Only people write it, or an agent could let itself off, or tell later runs what to do.
 */
const directs = (path: string): boolean => /^\.coditect\/|(^|\/)\.coditectignore$/.test(plainestPath(path));

/** Whether a stage with that access may write the file. Architecture: "The agent loop". */
export const mayWrite = (access: WriteAccess, path: string): boolean => {
  if (directs(path)) return false;
  const kind = classifyPath(path);
  switch (access) {
    case "none":
      return false;
    case "all":
      return true;
    case "documents":
      return kind === "document";
    case "tests":
      return kind === "test" || kind === "test-config";
    case "sources":
      return kind === "source" || kind === "document";
  }
};

/** Whether a path is a test or sets tests up, as JavaScript for a program that cannot import this. */
export const isTestScript = `(path) => {
  const segments = path.split("/");
  const name = segments[segments.length - 1];
  return ${String(configurationName)}.test(name) || ${String(testName)}.test(name) ||
    segments.slice(0, -1).some((folder) => ${JSON.stringify([...testFolders])}.includes(folder));
}`;

/** The same as {@link isTestScript}, as Python. */
export const isTestScriptPython = `import re as _re
_TEST_FOLDERS = set(${JSON.stringify([...testFolders])})
_TEST_NAME = _re.compile(r"""${testName.source}""")
_TEST_CONFIG = _re.compile(r"""${configurationName.source}""", _re.I)
def is_test(path):
    *folders, name = path.split("/")
    return bool(_TEST_CONFIG.search(name) or _TEST_NAME.search(name) or any(folder in _TEST_FOLDERS for folder in folders))
`;
