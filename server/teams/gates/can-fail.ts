import type { FileChange } from "../../../schemas/changes.ts";
import type { Mutant, TestCase, TestReport } from "../../../schemas/tests.ts";
import { classifyPath } from "../../workspace/classify.ts";
import { toFileContent } from "../../workspace/encoding.ts";
import { testId } from "./compare.ts";
import type { GateContext } from "./gate.ts";
import { mutate } from "./mutation.ts";
import { everyTest, reaching } from "./reach.ts";
import { innermostPlace } from "./stubs.ts";
import { failures, named, probeOf } from "./test-run.ts";
import { deadlineOf, spread } from "./trial.ts";

/**
 * Measures whether tests can fail by an assertion, in whatever way they assert: the sources that they test are
 * mutated as a whole, one mutant at a time, until each test failed by an assertion.
 */

/** The maximum number of mutated files. */
const MOST_SOURCES = 12;
/** The maximum number of characters of a mutated file. */
const LONGEST_SOURCE = 200_000;
/** How many mutants run at once. */
const AT_ONCE = 2;

const script = /\.[cm]?[jt]sx?$/;

/** What the trial showed about tests. */
export interface AbleToFail {
  /** Tests that failed by an assertion. */
  able: ReadonlySet<string>;
  /** Tests that were tried with every mutant that they reach, and failed by an assertion with none of them. */
  unable: ReadonlySet<string>;
  /** Tests that failed by an assertion with no mutant before the time was up. */
  untried: ReadonlySet<string>;
}

const nothingKnown: AbleToFail = { able: new Set(), unable: new Set(), untried: new Set() };

interface Source {
  path: string;
  text: string;
}

/** The sources that these tests may run: those of the change, and those that the test files import. */
const sourcesUnder = async (context: GateContext, files: readonly string[]): Promise<Source[]> => {
  const ofChange = [...context.after.keys(), ...(context.wholeChange ?? []).map(({ path }) => path)];
  const imported = (await context.testedSources?.(files)) ?? [];
  const paths = [...new Set([...ofChange, ...imported])]
    .filter((path) => script.test(path) || path.endsWith(".py"))
    .filter((path) => classifyPath(path, context.layout) === "source");
  const texts = await Promise.all(paths.map((path) => context.readText(path)));
  return paths
    .flatMap((path, at) => {
      const text = texts[at] ?? null;
      return text === null || text.length > LONGEST_SOURCE ? [] : [{ path, text }];
    })
    .slice(0, MOST_SOURCES);
};

/** A change in which these files have these texts. */
export const withTexts = (changes: readonly FileChange[], files: readonly Source[]): FileChange[] => {
  const known = new Map(changes.map((change) => [change.path, change]));
  const written = files.map(({ path, text }) => ({
    ...(known.get(path) ?? { path, before: null, executable: false }),
    content: toFileContent(Buffer.from(text)),
  }));
  const paths = new Set(files.map(({ path }) => path));
  return [...changes.filter(({ path }) => !paths.has(path)), ...written];
};

/** A frame of a stack in Node. */
const frame = /^\s+at .*$/m;
const ofLanguage = /^(?:Type|Reference|Range|Syntax|URI|Eval)Error\b/;

/** Whether a package that the test itself called threw an error of its own: such packages assert. */
const thrownByPackage = (message: string, place: string | null, { layout }: GateContext): boolean =>
  !ofLanguage.test(message) &&
  (frame.exec(message)?.[0] ?? "").includes("node_modules") &&
  place !== null &&
  classifyPath(place, layout) === "test";

/** Whether a mutant made the test fail by an assertion. A mutated helper that throws proves nothing. */
const failsByAssertion = (test: TestCase, mutant: Mutant, context: GateContext): boolean => {
  const message = test.message ?? "";
  const place = innermostPlace(message)?.[0] ?? null;
  if (place === mutant.path) return false;
  if (test.failure === undefined || test.failure === "assertion") return true;
  return test.failure === "error" && thrownByPackage(message, place, context);
};

/** The tests of the run that reach the mutant, by ID. */
const reachingIds = (report: TestReport, mutant: Mutant, files: readonly string[]): string[] => {
  const by = reaching(report, mutant, files);
  if (by === null) return [];
  const ids = report.tests.filter(({ file }) => by.files?.includes(file) !== false).map(testId);
  const only = by.only === null ? null : new Set(by.only);
  return only === null
    ? ids
    : ids.filter((id) => only.has(id) || [...only].some((name) => id.startsWith(`${name} > `)));
};

/** Names by which pytest runs these tests alone; null if other tests must run with them. */
const namesOf = (asked: ReadonlySet<string>, files: readonly string[]): string[] | null =>
  files.every((path) => path.endsWith(".py")) && [...asked].every((id) => !id.includes("…"))
    ? [...asked].sort()
    : null;

const passesAll = (report: TestReport, asked: ReadonlySet<string>): boolean => {
  const passed = named(report, "passed");
  return [...asked].every((id) => passed.has(id));
};

/**
 * Tries tests that pass in this state with the mutants of the sources that they test. The copy gets the state back.
 *
 * @param options `changes`: the state, if it is not that of the context; `usualMs`: how long a run of the files takes
 */
export const ableToFail = async (
  context: GateContext,
  asked: ReadonlySet<string>,
  files: readonly string[],
  { changes = context.changes, usualMs }: { changes?: readonly FileChange[]; usualMs: number },
): Promise<AbleToFail> => {
  if (asked.size === 0) return nothingKnown;
  const sources = (await sourcesUnder(context, files)).map((source) => ({
    ...source,
    ranges: [{ from: 1, to: source.text.split("\n").length }],
  }));
  const scripts = await mutate(
    sources.filter(({ path }) => script.test(path)),
    context.signal,
  );
  if ("refused" in scripts || sources.length === 0) return nothingKnown;
  const mutable = sources
    .filter(({ path }) => path.endsWith(".py"))
    .map(({ path, ranges }) => ({ path, ranges }));
  await context.ground.prepare(withTexts(changes, scripts.files));
  const deadline_seconds = Math.ceil(context.budgetMs / 1000) + deadlineOf(usualMs);
  const dryRun = (only: string[] | null): Promise<TestReport> =>
    context.ground.runTests({
      files: [...files],
      coverage: false,
      probe: probeOf(context, { mutable, tell_reached: true, only }),
      deadline_seconds,
    });
  let only = namesOf(asked, files);
  let dry = await dryRun(only);
  // A test may need the tests before it.
  if (only !== null && dry.outcome !== "timed_out" && !passesAll(dry, asked)) {
    only = null;
    dry = await dryRun(null);
  }
  const passing = named(dry, "passed");
  const open = new Set([...asked].filter((id) => passing.has(id)));
  const mutants = spread([...scripts.mutants, ...(dry.mutants ?? [])]);
  const tried =
    dry.outcome === "timed_out"
      ? { ...nothingKnown, untried: asked }
      : await tryMutants(context, { dry, mutants, files, mutable, only, open });
  await context.ground.prepare(changes);
  return tried;
};

/** Runs the open tests against mutants until each of them failed by an assertion or the time is up. */
const tryMutants = async (
  context: GateContext,
  {
    dry,
    mutants,
    files,
    mutable,
    only,
    open,
  }: {
    dry: TestReport;
    mutants: Mutant[];
    files: readonly string[];
    mutable: { path: string; ranges: { from: number; to: number }[] }[];
    /** The tests that run, by name; null: each test of the files. */
    only: string[] | null;
    open: Set<string>;
  },
): Promise<AbleToFail> => {
  const able = new Set<string>();
  const reached = new Set<string>();
  const untried = new Set<string>();
  const started = performance.now();
  const attempt = async (mutant: Mutant): Promise<void> => {
    const tests = reachingIds(dry, mutant, files).filter((id) => open.has(id));
    if (tests.length === 0) return;
    for (const id of tests) reached.add(id);
    if (performance.now() - started > context.budgetMs) {
      for (const id of tests) untried.add(id);
      return;
    }
    const by = reaching(dry, mutant, files) ?? everyTest(files);
    const report = await context.ground.runTests({
      files: by.files,
      coverage: false,
      probe: probeOf(context, { mutant: mutant.id, mutable, only: by.only ?? only }),
      deadline_seconds: deadlineOf(dry.duration_ms),
    });
    for (const test of failures(report)) {
      const id = testId(test);
      if (open.has(id) && failsByAssertion(test, mutant, context)) {
        open.delete(id);
        able.add(id);
      }
    }
  };
  const work = async (): Promise<void> => {
    for (let mutant = mutants.shift(); mutant !== undefined; mutant = mutants.shift()) await attempt(mutant);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const unable = new Set([...open].filter((id) => reached.has(id) && !untried.has(id)));
  return { able, unable, untried: new Set([...open].filter((id) => untried.has(id))) };
};
