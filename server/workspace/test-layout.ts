import { posix } from "node:path";
import type { TestLayout } from "../../schemas/test-layout.ts";
import { classifyPath, isInTestFolder, isAmongSources, type PathKind } from "./classify.ts";
import { decodeText } from "./encoding.ts";
import { ignoreRules } from "./ignore.ts";
import { readIfPossible } from "./open.ts";
import { pacer } from "./pace.ts";
import { plainestPath } from "./plainest-path.ts";
import type { TestPattern } from "./test-pattern.ts";
import { testsConfiguredBy } from "./test-patterns.ts";
import { walkWorkspace } from "./walk.ts";

/** Limits, so that only a part of a large workspace is read. */
const MOST_PATTERNS = 200;
const MOST_READ = 1000;
const MOST_SOURCES = 500;

const programFile = /\.([cm]?[jt]sx?|py|go|rs|rb|php|java|kt|cs|fs|vb|c|cc|cpp|cxx)$/i;

/** Words by which a test declares itself or asserts, in any language we run. */
const declaration =
  /\b(describe|it|test|specify|suite|context|scenario|expect|assert\w*|QUnit|RSpec|unittest|pytest|doctest)\b|\bdef test|\bclass \w*Tests?\b|@(Parameterized)?Test\b|\[(Fact|Theory|Test|TestMethod|TestCase)\b|#\[(\w+::)*test\]|\bTEST(_F|_P|_CASE)?\s*\(/;

/** Names with `test` that may also be a part of the program: `test_client.py`, `load-test.js`. */
const doubtfulName = /^tests?[_-].+\.\w+$|[_-]test\.([cm]?[jt]sx?|py|rb)$|(Test|Tests|IT)\.(java|kt|cs)$/i;

/** Programs among tests that are not tests themselves. */
const helperName = /helper|fixture|util|support|setup|common|mock|stub|fake|data/i;

/** Whether a file among tests, with this text, only helps them: its path says so, and it holds no test. */
export const onlyHelpsTests = (path: string, text: string): boolean =>
  isConftest(path) || (helperName.test(path) && !declaration.test(text));

/** Whether a file among tests, with this text, may be one that tests import. */
export const mayHelpTests = (path: string, text: string): boolean =>
  helperName.test(path) || isConftest(path) || !declaration.test(text);

/** Whether pytest gives what this file defines to the tests in and below its folder, without an import. */
export const isConftest = (path: string): boolean => /(^|\/)conftest\.py$/.test(path);

/** A program of the workspace, with what its path alone says. */
interface Program {
  path: string;
  plain: string;
  kind: PathKind;
}

/** The programs in or below each of these folders; the empty one is the workspace. */
const programsBelow = (
  folders: ReadonlySet<string>,
  programs: readonly Program[],
): ReadonlyMap<string, readonly Program[]> => {
  const below = new Map([...folders].map((folder): [string, Program[]] => [folder, []]));
  for (const program of programs) {
    below.get("")?.push(program);
    for (let end = program.plain.indexOf("/"); end > 0; end = program.plain.indexOf("/", end + 1))
      below.get(program.plain.slice(0, end))?.push(program);
  }
  return below;
};

/** The programs that a pattern collects. */
const collectedBy = (
  { expression, folder }: TestPattern,
  below: ReadonlyMap<string, readonly Program[]>,
): Program[] => {
  const pattern = new RegExp(expression);
  return (below.get(folder) ?? []).filter(({ plain }) => pattern.test(plain));
};

/**
 * Which files of a workspace are tests although their names do not say so, and which are none although
 * they do: what its test runners are configured to collect decides, and then whether there is a test in
 * a file at all. `paths` are the files that agents may see; `read` gives null for what is no text.
 */
export const testLayoutOf = (paths: Iterable<string>, read: (path: string) => string | null): TestLayout => {
  const all = [...paths];
  const configured = all.flatMap((path) => testsConfiguredBy(path, read) ?? []);
  const patterns = configured.flatMap((each) => each.patterns).slice(0, MOST_PATTERNS);
  const pytestOnly = configured.flatMap((each) => each.pytestOnly ?? []);
  let left = MOST_READ;
  const holdsTest = (path: string): boolean => (left -= 1) < 0 || declaration.test(read(path) ?? "");

  const programs = all
    .filter((path) => programFile.test(path))
    .map((path): Program => ({ path, plain: plainestPath(path), kind: classifyPath(path) }));
  const below = programsBelow(new Set(patterns.map(({ folder }) => folder)), programs);
  const kept = patterns.filter((pattern) => {
    const unnamed = collectedBy(pattern, below).filter(({ kind }) => kind === "source");
    return tellsTests(pattern, unnamed, holdsTest);
  });
  const collected = new Set(kept.flatMap((pattern) => collectedBy(pattern, below)));
  const helpers = [...collected].filter(
    ({ path, kind }) => kind === "source" && isAmongSources(path) && !holdsTest(path),
  );
  const named = programs.filter(
    (program) =>
      doubtfulName.test(posix.basename(program.path)) &&
      program.kind === "test" &&
      !isInTestFolder(program.path) &&
      !collected.has(program) &&
      (isOutside(program.path, pytestOnly) || !holdsTest(program.path)),
  );
  const holdsTestsAlone = (folder: string): boolean => {
    if (folder === "" || isAmongSources(`${folder}/x`)) return false;
    const inside = below.get(folder) ?? [];
    const others = inside.filter((program) => !collected.has(program));
    return (
      others.length < inside.length &&
      others.every(({ plain }) => helperName.test(plain.slice(folder.length)))
    );
  };
  return {
    collected: kept.map(({ expression }) => expression),
    written: [...new Set(kept.map(({ written }) => written))],
    folders: [...new Set(kept.map(({ folder }) => folder))].filter(holdsTestsAlone),
    sources: [...named, ...helpers].slice(0, MOST_SOURCES).map(({ plain }) => plain),
  };
};

/** Whether a pattern separates tests from sources, which it does not if most of its files have no test. */
const tellsTests = (
  { expression }: TestPattern,
  unnamed: readonly Program[],
  holdsTest: (path: string) => boolean,
): boolean => {
  const tests = unnamed.filter(({ path }) => holdsTest(path)).length;
  return unnamed.length === 0
    ? !["src/any.js", "any.js"].some((path) => new RegExp(expression).test(path))
    : tests * 2 >= unnamed.length;
};

/** Whether pytest looks in other folders only. */
const isOutside = (path: string, only: readonly string[]): boolean =>
  path.endsWith(".py") &&
  only.length > 0 &&
  isAmongSources(path) &&
  !only.some(
    (folder) => folder === "." || `${path}/`.toLowerCase().startsWith(`${folder.replace(/\/$/, "")}/`),
  );

/** Longest file that is read for it. */
const LONGEST_FILE = 256 * 1024;

/** The text of a file of a workspace; null if it cannot be read, is too long or is not text. */
export const readTextIfPossible = (workspace: string, path: string): string | null => {
  const bytes = readIfPossible(workspace, path, { most: LONGEST_FILE });
  return bytes === null ? null : (decodeText(bytes)?.text ?? null);
};

/** The layout of a workspace as it is on disk. Errors: `cancelled`. */
export const testLayoutIn = async (workspace: string, signal: AbortSignal): Promise<TestLayout> => {
  const pace = pacer("looking for tests", signal);
  const paths: string[] = [];
  for (const { files } of walkWorkspace(workspace, ignoreRules(workspace))) {
    paths.push(...files);
    await pace();
  }
  return testLayoutOf(paths, (path) => readTextIfPossible(workspace, path));
};
