import type { WriteAccess } from "../../schemas/gates.ts";
import { byNames, type TestLayout } from "../../schemas/test-layout.ts";
import { plainestPath } from "./plainest-path.ts";

/** The kind of a file for a team; see {@link classifyPath}. */
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
  /(\.|-|_)(test|spec|cy|e2e)\.[^.]+$|^tests\.py$|^test_.+\.py$|(Test|Tests|IT)\.(java|kt|cs|php)$|\.snap$/;

/** Names of tests, unless they are among sources: `src/commands/test.js` is the command `test`. */
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

/** The folder of the program itself in Maven and Gradle. No runner looks for tests there. */
const programPlace = /(^|\/)src\/main\/(java|kotlin|scala|groovy)\//;

/**
 * What a file is. Write rights of a stage, the gates, context and proofs of a change all use this rule,
 * so that what a Coder may not write is exactly what the gate `untouched` watches.
 *
 * - `test`: tests with their fixtures, mocks and snapshots;
 * - `test-config`: what decides which tests run and how: runner configuration, `conftest.py`,
 *   set-up files;
 * - `document`: documentation, and pictures in a documentation folder;
 * - `source`: everything else.
 *
 * @param layout what the workspace's runners collect; left out: the path alone decides.
 */
export const classifyPath = (path: string, layout: TestLayout = byNames): PathKind => {
  const named = kindByName(path);
  if (layout === byNames || named === "test-config") return named;
  const plain = plainestPath(path);
  if (layout.sources.includes(plain)) return "source";
  if (named === "test") return "test";
  const isTest =
    layout.folders.some((folder) => plain.startsWith(`${folder}/`)) || collectedBy(layout).test(plain);
  return isTest ? "test" : named;
};

/** Compiled once for each layout: a workspace of many packages has a pattern for each of them. */
const compiled = new WeakMap<TestLayout, RegExp>();
const nothing = /(?!)/;

const collectedBy = (layout: TestLayout): RegExp => {
  const known = compiled.get(layout);
  if (known !== undefined) return known;
  const { collected } = layout;
  const expression =
    collected.length === 0 ? nothing : new RegExp(collected.map((each) => `(?:${each})`).join("|"));
  compiled.set(layout, expression);
  return expression;
};

const kindByName = (path: string): PathKind => {
  const name = path.slice(path.lastIndexOf("/") + 1);
  // On some systems, another spelling of a test's path names the same file: `Test/a.js`, `test./a.js`.
  const [plainName = "", ...folders] = plainestPath(path).split("/").reverse();
  if (configurationName.test(name)) return "test-config";
  if (documentFolders.has(folders.at(-1) ?? "") && documentAsset.test(name)) return "document";
  if (isInTestFolder(path)) return "test";
  if (testName.test(name) || testName.test(plainName)) return programPlace.test(path) ? "source" : "test";
  if (outsideOfSources.test(name) && !isAmongSources(path)) return "test";
  return documentName.test(name) ? "document" : "source";
};

const foldersOf = (path: string): string[] => plainestPath(path).split("/").slice(0, -1);

/** Whether the name of a folder around the file says that it contains tests. */
export const isInTestFolder = (path: string): boolean =>
  foldersOf(path).some((folder) => testFolders.has(folder));

/** Whether the name of a folder around the file says that it contains programs. */
export const isAmongSources = (path: string): boolean =>
  foldersOf(path).some((folder) => sourceFolders.has(folder));

/**
 * Whether it is a test that a team can keep from the agents who write the code: its name contains
 * `held-back`, as in `bill.held-back.test.js`, `test_held_back_bill.py` or `HeldBackBillTest.java`. Where
 * a project names its tests in its own way, a program outside of its sources counts as well.
 */
export const isHeldBack = (path: string): boolean =>
  namesHeldBack(path.split("/").at(-1) ?? path) &&
  (classifyPath(path) === "test" || (classifyPath(path) === "source" && !isAmongSources(path)));

/** Whether a text mentions such a test. */
export const namesHeldBack = (text: string): boolean => /held[-_. ]?back/i.test(text);

/**
 * Files that direct the agents themselves: teams with their gates, agents, lessons, and what agents may not
 * see. Only people write them. Otherwise, an agent could excuse itself or instruct later runs.
 */
const directs = (path: string): boolean => /^\.coditect\/|(^|\/)\.coditectignore$/.test(plainestPath(path));

/** Whether a stage with that access may write the file. Architecture: "The agent loop". */
export const mayWrite = (access: WriteAccess, path: string, layout: TestLayout = byNames): boolean => {
  if (directs(path)) return false;
  const kind = classifyPath(path, layout);
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
export const isTestScript = (layout: TestLayout): string => `((collected) => (path) => {
  const segments = path.split("/");
  const name = segments[segments.length - 1];
  const plain = path.toLowerCase();
  if (${String(configurationName)}.test(name)) return true;
  if (${JSON.stringify(layout.sources)}.includes(plain)) return false;
  return ${String(testName)}.test(name) ||
    segments.slice(0, -1).some((folder) => ${JSON.stringify([...testFolders])}.includes(folder)) ||
    ${JSON.stringify(layout.folders)}.some((folder) => plain.startsWith(folder + "/")) ||
    collected.some((expression) => expression.test(plain));
})(${JSON.stringify(layout.collected)}.map((expression) => new RegExp(expression)))`;

/** The same as {@link isTestScript}, as Python. */
export const isTestScriptPython = (layout: TestLayout): string => `import re as _re
_TEST_FOLDERS = set(${JSON.stringify([...testFolders])})
_TEST_NAME = _re.compile(r"""${testName.source}""")
_TEST_CONFIG = _re.compile(r"""${configurationName.source}""", _re.I)
_TEST_SOURCES = set(${JSON.stringify(layout.sources)})
_TEST_PLACES = tuple(folder + "/" for folder in ${JSON.stringify(layout.folders)})
_TEST_COLLECTED = [_re.compile(each) for each in ${JSON.stringify(layout.collected)}]
def is_test(path):
    *folders, name = path.split("/")
    plain = path.lower()
    if _TEST_CONFIG.search(name):
        return True
    if plain in _TEST_SOURCES:
        return False
    return bool(_TEST_NAME.search(name) or any(folder in _TEST_FOLDERS for folder in folders)
        or plain.startswith(_TEST_PLACES) or any(each.search(plain) for each in _TEST_COLLECTED))
`;
