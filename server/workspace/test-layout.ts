import { posix } from "node:path";
import type { TestLayout } from "../../schemas/test-layout.ts";
import { classifyPath, isInTestFolder, isAmongSources } from "./classify.ts";
import { decodeText } from "./encoding.ts";
import { ignoreRules } from "./ignore.ts";
import { readIfPossible } from "./open.ts";
import { pacer } from "./pace.ts";
import { plainestPath } from "./plainest-path.ts";
import type { TestPattern } from "./test-pattern.ts";
import { testsConfiguredBy } from "./test-patterns.ts";
import { walkWorkspace } from "./walk.ts";

/** Bounds: of a workspace of any size only so much is looked at. */
const MOST_PATTERNS = 200;
const MOST_READ = 1000;
const MOST_SOURCES = 500;

const programFile = /\.([cm]?[jt]sx?|py|go|rs|rb|php|java|kt|cs|fs|vb|c|cc|cpp|cxx)$/i;

/** Words by which a test declares itself or asserts, in any language we run. */
const declaration =
  /\b(describe|it|test|specify|suite|context|scenario|expect|assert\w*|QUnit|RSpec|unittest|pytest|doctest)\b|\bdef test|\bclass \w*Tests?\b|@(Parameterized)?Test\b|\[(Fact|Theory|Test|TestMethod|TestCase)\b|#\[(\w+::)*test\]|\bTEST(_F|_P|_CASE)?\s*\(/;

/** Names that say `test` and may as well be a part of the program: `test_client.py`, `load-test.js`. */
const doubtfulName = /^tests?[_-].+\.\w+$|[_-]test\.([cm]?[jt]sx?|py|rb)$|(Test|Tests|IT)\.(java|kt|cs)$/i;

const matches = ({ expression }: TestPattern, path: string): boolean => new RegExp(expression).test(path);

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

  const programs = all.filter((path) => programFile.test(path));
  const unnamed = patterns.length === 0 ? [] : programs.filter((path) => classifyPath(path) === "source");
  const kept = patterns.filter((pattern) => tellsTests(pattern, unnamed, holdsTest));
  const plain = new Map(unnamed.map((path) => [path, plainestPath(path)]));
  const isCollected = (path: string): boolean =>
    kept.some((pattern) => matches(pattern, plain.get(path) ?? plainestPath(path)));
  const helpers = unnamed.filter((path) => isCollected(path) && isAmongSources(path) && !holdsTest(path));
  const named = programs.filter(
    (path) =>
      doubtfulName.test(posix.basename(path)) &&
      classifyPath(path) === "test" &&
      !isInTestFolder(path) &&
      !isCollected(path) &&
      (isOutside(path, pytestOnly) || !holdsTest(path)),
  );
  return {
    collected: kept.map(({ expression }) => expression),
    written: [...new Set(kept.map(({ written }) => written))],
    folders: [...new Set(kept.map(({ folder }) => folder))].filter((folder) =>
      holdsTestsAlone(folder, kept, programs),
    ),
    sources: [...named, ...helpers].slice(0, MOST_SOURCES).map(plainestPath),
  };
};

/** Whether a pattern tells tests from sources: one that collects mostly files without a test does not. */
const tellsTests = (
  pattern: TestPattern,
  unnamed: readonly string[],
  holdsTest: (path: string) => boolean,
): boolean => {
  const found = unnamed.filter((path) => matches(pattern, plainestPath(path)));
  const tests = found.filter(holdsTest).length;
  return found.length === 0
    ? !matches(pattern, "src/any.js") && !matches(pattern, "any.js")
    : tests * 2 >= found.length;
};

/** Whether pytest looks in other folders only. */
const isOutside = (path: string, only: readonly string[]): boolean =>
  path.endsWith(".py") &&
  only.length > 0 &&
  isAmongSources(path) &&
  !only.some(
    (folder) => folder === "." || `${path}/`.toLowerCase().startsWith(`${folder.replace(/\/$/, "")}/`),
  );

/** Programs that stand among tests and are none themselves. */
const helperName = /helper|fixture|util|support|setup|common|mock|stub|fake|data/i;

/** Whether a folder that a pattern names holds nothing but what the pattern collects, and their helpers. */
const holdsTestsAlone = (
  folder: string,
  patterns: readonly TestPattern[],
  programs: readonly string[],
): boolean => {
  if (folder === "" || isAmongSources(`${folder}/x`)) return false;
  const inside = programs.map(plainestPath).filter((path) => path.startsWith(`${folder}/`));
  const others = inside.filter((path) => !patterns.some((pattern) => matches(pattern, path)));
  return others.length < inside.length && others.every((path) => helperName.test(path.slice(folder.length)));
};

/** Longest file that is read for it. */
const LONGEST_FILE = 256 * 1024;

/** A text file of a workspace; null for whatever cannot be read, is too long, or is no text. */
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
