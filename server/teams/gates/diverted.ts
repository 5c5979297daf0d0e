import { posix } from "node:path";
import type { TestReport } from "../../../schemas/tests.ts";
import { withTexts } from "./can-fail.ts";
import { measuredRun, quantity, type GateContext, type Measured } from "./gate.ts";
import { changedSources } from "./hunks.ts";
import { named, newTestFiles, probeOf } from "./test-run.ts";
import { awaitsError, testBodiesIn } from "./test-text.ts";
import { canThrow, runThrowing, wholly } from "./throwing.ts";

const ofProject = String.raw`["'](?:\.|@\/|~|#)[^"']*["']`;
/** What a file loads from the project, with the names that it gives to it. Types alone are not loaded. */
const loads = [
  new RegExp(String.raw`^import\s+(?!type\b)([^"';]*?)\s+from\s+${ofProject}`, "gm"),
  new RegExp(
    String.raw`^(?:const|let|var)\s+([^=;]+?)\s*=\s*(?:require|\(?await import)\(\s*${ofProject}\s*\)`,
    "gm",
  ),
  /^from\s+[\w.]+\s+import\s+([^#\n]+)/gm,
  /^import\s+([\w., ]+)$/gm,
];
/** What a file puts in the place of a module. */
const mocks = /\b(?:mock|doMock|mockModule|unstable_mockModule)\(\s*["'][^"']*["']/g;
const name = /[A-Za-z_$][\w$]*/g;

/** The names that a file gives to what it loads from the project. */
export const namesLoaded = (text: string): string[] => [
  ...new Set(
    loads.flatMap((load) => [...text.matchAll(load)].flatMap(([, found = ""]) => found.match(name) ?? [])),
  ),
];

const asPattern = (word: string): string => word.replaceAll("$", "\\$");

/** Whether a test file calls what it loads, so that it needs the file. */
const callsWhatItLoads = (text: string): boolean =>
  namesLoaded(text).some((each) => new RegExp(`(?<![\\w$.])${asPattern(each)}\\s*[.(]`).test(text));

/** Whether a test file calls functions of these sources, and not only methods that the language or a library brings. */
const callsFunctions = (text: string, sources: readonly Source[]): boolean => {
  const isDefined = (method: string): boolean =>
    sources.some((source) => new RegExp(`(?<![\\w$.])${asPattern(method)}\\s*[(<=:]`).test(source.text));
  return namesLoaded(text).some((each) =>
    [...text.matchAll(new RegExp(`(?<![\\w$.])${asPattern(each)}((?:\\.[\\w$]+)*)\\s*\\(`, "g"))].some(
      ([, members = ""]) => members === "" || isDefined(members.split(".").at(-1) ?? ""),
    ),
  );
};

/** The text without the places that load or replace modules. */
const withoutLoads = (text: string): string =>
  [...loads, mocks].reduce((rest, load) => rest.replace(load, ""), text);

const written = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g;

/** Whether a test names a file other than to load it: the file may run in a process of its own. */
const namesFile = (text: string, path: string): boolean => {
  const wanted = posix.basename(path, posix.extname(path));
  return (withoutLoads(text).match(written) ?? []).some((literal) => {
    const words = literal.slice(1, -1).split(/\s+/);
    // A word of a sentence is no file.
    const files = words.length === 1 ? words : words.filter((word) => /[/.]/.test(word));
    return files.some((file) => file.split(/[/.]/).includes(wanted));
  });
};

/** The text of a source that cannot be loaded. */
const broken = (path: string): string =>
  path.endsWith(".py")
    ? 'raise RuntimeError("this file was replaced for a moment")\n'
    : 'throw new Error("this file was replaced for a moment");\n';

interface Source {
  path: string;
  text: string;
}

/** The test files of the change that need what they load, and what they load. */
interface Loading {
  calling: readonly Source[];
  /** The sources that they import, directly or not. */
  tested: readonly Source[];
  /** Changed sources that they neither import nor name. */
  elsewhere: string[];
  /** Whether each of them calls a function that it loads. */
  callFunctions: boolean;
}

/** Null if the tests import all of the changed code, or none. */
const loadingOf = async (context: GateContext): Promise<Loading | null> => {
  const withText = (paths: readonly string[]): Promise<Source[]> =>
    Promise.all(paths.map(async (path) => ({ path, text: (await context.readText(path)) ?? "" })));
  const all = await withText(newTestFiles(context).filter(canThrow));
  const calling = all.filter(({ text }) => callsWhatItLoads(text));
  if (calling.length === 0) return null;
  const paths = (await context.testedSources?.(calling.map(({ path }) => path)))?.filter(canThrow) ?? [];
  const isNamed = (path: string): boolean => calling.some(({ text }) => namesFile(text, path));
  const elsewhere = (await changedSources(context))
    .filter(({ path, after }) => after !== null && canThrow(path) && !paths.includes(path) && !isNamed(path))
    .map(({ path }) => path);
  if (paths.length === 0 || elsewhere.length === 0) return null;
  const tested = await withText(paths);
  const callFunctions = calling.every(({ text }) => callsFunctions(text, tested));
  return { calling, tested, elsewhere, callFunctions };
};

/** The proven tests that pass if none of these sources can be loaded. */
const passingUnloaded = async (context: GateContext, { calling, tested }: Loading): Promise<Passing> => {
  const sources = tested.map(({ path }) => ({ path, text: broken(path) }));
  await context.ground.prepare(withTexts(context.changes, sources));
  const files = calling.map(({ path }) => path);
  return passingIn(
    context,
    await context.ground.runTests({ files, coverage: false, probe: probeOf(context) }),
  );
};

/** The proven tests that pass if each function of these sources throws. Null if there are no functions. */
const passingUncalled = async (
  context: GateContext,
  { calling, tested }: Loading,
): Promise<Passing | null> => {
  const files = calling.map(({ path }) => path);
  const report = await runThrowing(context, tested.map(wholly), { files, any: true });
  return report === null ? null : passingIn(context, report);
};

interface Passing {
  report: TestReport;
  passed: string[];
}

const passingIn = (context: GateContext, report: TestReport): Passing => {
  // A build that fails leaves what it built before, and tests may pass on that.
  const isStale = report.errors.some(({ build }) => build !== undefined);
  const passed = isStale ? new Set<string>() : named(report, "passed");
  return { report, passed: (context.provenTests?.proven ?? []).filter((id) => passed.has(id)) };
};

/**
 * New tests that pass although no source that they import can be loaded or called, because a configuration, a mock or
 * a set-up file puts other code of the change in its place. Null if there are none.
 */
export const diverted = async (context: GateContext): Promise<Measured | null> => {
  const proven = context.provenTests?.proven ?? [];
  const loading = proven.length === 0 ? null : await loadingOf(context);
  if (loading === null) return null;
  const { calling, tested, elsewhere } = loading;
  const unloaded = await passingUnloaded(context, loading);
  // A test that expects an error may pass with each error.
  const asked = calling.flatMap(({ path, text }) => {
    const bodyOf = testBodiesIn(path, text);
    return proven.filter((id) => id.startsWith(`${path} > `) && !awaitsError(bodyOf(id) ?? text));
  });
  const mayShow = unloaded.passed.length === 0 && asked.length > 0 && loading.callFunctions;
  const uncalled = mayShow ? await passingUncalled(context, loading) : null;
  await context.ground.prepare(context.changes);
  // A test may need only a constant, so only all of them together show something.
  const isUncalled = uncalled !== null && asked.every((id) => uncalled.passed.includes(id));
  const { report } = isUncalled ? uncalled : unloaded;
  const passed = isUncalled ? asked : unloaded.passed;
  if (passed.length === 0) return null;
  const names = tested.map(({ path }) => path).join(", ");
  return {
    held: false,
    reason: `${quantity(passed.length, "new test passes", "new tests pass")} without the files that the tests import: other code runs in their place.`,
    evidence: [
      ...passed.map((id) => `passes without ${names}: ${id}`),
      ...elsewhere.map((path) => `changed, and not imported by the tests: ${path}`),
    ],
    ...measuredRun(report),
  };
};
