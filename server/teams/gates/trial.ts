import type { FileChange } from "../../../schemas/changes.ts";
import type { Mutant, TestProbe, TestReport } from "../../../schemas/tests.ts";
import { testId } from "./compare.ts";
import type { GateContext } from "./gate.ts";
import type { Fate } from "./fate.ts";
import { everyTest, reaching, type Reaching } from "./reach.ts";
import { failures, named, probeOf } from "./test-run.ts";

/** How many mutants run at once. */
const AT_ONCE = 2;

/** The input for trying mutants. */
export interface Trial {
  /** The state of the workspace that contains every mutant. */
  changes: readonly FileChange[];
  mutable: TestProbe["mutable"];
  /** Files of the new tests. Null: the whole suite. */
  own: string[] | null;
  /** Tests that passed before the change. */
  suite: ReadonlySet<string>;
  /** The report of a run without mutants. */
  dry: TestReport;
  /** IDs of the mutants to try early, before the time is up. */
  urgent: ReadonlySet<string>;
  started: number;
  /** Tests that failed with a mutant. Filled during the trial. */
  noticing: Set<string>;
  /** Mutants that no test reaches. Filled during the trial. */
  unreached: Set<string>;
}

const fateOf = (report: TestReport, alive: ReadonlySet<string>): Fate => {
  if (report.outcome === "timed_out") return "stopped";
  const fallen = failures(report).filter((test) => alive.has(testId(test)));
  if (fallen.some(({ failure }) => failure === undefined || failure === "assertion")) return "killed";
  if (fallen.length > 0 || report.outcome === "load_error" || report.outcome === "crashed") return "crashed";
  return report.outcome === "passed" || failures(report).length > 0 ? "survived" : "crashed";
};

/**
 * Seconds that a run with a mutant may take, based on the time of the same tests without a mutant. Some mutants
 * never end.
 */
export const deadlineOf = (milliseconds: number): number => Math.ceil(5 + (3 * milliseconds) / 1000);

/** Mutants with each line's first one before the others: they show most about the tests. */
export const spread = (mutants: readonly Mutant[]): Mutant[] => {
  const times = new Map<string, number>();
  return mutants
    .map((mutant) => {
      const line = `${mutant.path}:${mutant.line}`;
      const time = times.get(line) ?? 0;
      times.set(line, time + 1);
      return { mutant, time };
    })
    .sort((one, other) => one.time - other.time)
    .map(({ mutant }) => mutant);
};

/** Files of the tests that the run found. */
const filesOf = (report: TestReport): string[] =>
  [...new Set(report.tests.map(({ file }) => file))].filter((file) => file !== "").sort();

/**
 * Runs the test files of the whole suite with the witness, to find out which tests reach each mutant. Null if this
 * differs from the suite as the project runs it, because the result would not say anything about it.
 */
const measureSuite = async (
  context: GateContext,
  { mutable, own, suite, dry }: Trial,
  deadline_seconds: number,
): Promise<TestReport | null> => {
  const files = new Set([...(own ?? []), ...filesOf(await context.baseline()), ...filesOf(dry)]);
  if (files.size === 0) return null;
  const report = await context.ground.runTests({
    files: [...files],
    coverage: false,
    probe: probeOf(context, { mutable, tell_reached: true }),
    deadline_seconds,
  });
  const passed = named(report, "passed");
  const dryPassed = named(dry, "passed");
  // The change may have removed tests, and a test may have failed before.
  const expected = own === null ? dryPassed : new Set([...suite].filter((id) => !isGone(id, report)));
  return [...expected].every((id) => passed.has(id)) ? report : null;
};

/** Whether the test's file no longer exists. */
const isGone = (id: string, report: TestReport): boolean =>
  !report.tests.some(({ file }) => id.startsWith(`${file} > `));

/**
 * Runs tests against the mutants, a few mutants at a time, until the time is up: first the new tests that reach
 * the mutant, then those of the whole suite.
 */
export const tryAll = async (
  context: GateContext,
  all: readonly Mutant[],
  trial: Trial,
): Promise<Map<string, Fate>> => {
  const { mutable, own, suite, dry, started, noticing, unreached, urgent } = trial;
  const fates = new Map<string, Fate>();
  const alive = named(dry, "passed");
  const known = new Set([...suite, ...alive]);
  const hasSuite = own === null || suite.size > 0;
  const inOwn = deadlineOf(dry.duration_ms);
  const inSuite = hasSuite ? inOwn + deadlineOf((await context.baseline()).duration_ms) : inOwn;
  const run = ({ files, only }: Reaching, mutant: string, deadline_seconds: number) =>
    context.ground.runTests({
      files,
      coverage: false,
      probe: probeOf(context, { mutant, mutable, only }),
      deadline_seconds,
    });
  // The whole suite is measured once, when the first mutant survives the new tests.
  let measured: Promise<TestReport | null> | null = null;
  const bySuite = async (mutant: Mutant): Promise<Reaching | null> => {
    if (!hasSuite) return null;
    const report = await (measured ??= measureSuite(context, trial, inSuite));
    if (report === null) return everyTest(null);
    const by = reaching(report, mutant, null);
    // The new tests already ran.
    const files = by?.files?.filter((file) => own?.includes(file) !== true);
    if (by === null || files === undefined) return by;
    return files.length === 0 ? null : { ...by, files };
  };
  const inTests = async (by: Reaching | null, switched: string): Promise<Fate> => {
    if (by === null) return "survived";
    const report = await run(by, switched, inOwn);
    for (const name of named(report, "failed")) noticing.add(name);
    return fateOf(report, alive);
  };
  const attempt = async (mutant: Mutant): Promise<Fate> => {
    const fate = await attemptWith(mutant, mutant.id);
    if (fate !== "killed" || mutant.other_text === undefined) return fate;
    // Whether the tests that notice an empty text also notice another one.
    return (await attemptWith(mutant, mutant.other_text)) === "survived" ? "survived" : "killed";
  };
  /** The fate of the mutant, or of its other text, which the same tests reach. */
  const attemptWith = async (mutant: Mutant, switched: string): Promise<Fate> => {
    const byOwn = own === null ? null : reaching(dry, mutant, own);
    let fate = await inTests(byOwn, switched);
    if (fate !== "survived") return fate;
    const others = await bySuite(mutant);
    if (byOwn === null && others === null) {
      unreached.add(mutant.id);
      return fate;
    }
    if (others !== null) fate = fateOf(await run(others, switched, inSuite), known);
    // A test may see results of another test. If tests share a process, a surviving mutant is tried again
    // with all tests.
    if (fate === "survived" && (byOwn?.isShared === true || others?.isShared === true))
      fate = fateOf(await run(everyTest(hasSuite ? null : own), switched, inSuite), known);
    if (fate !== "survived" || mutant.boundary === undefined) return fate;
    const atBoundary = fateOf(await run(byOwn ?? everyTest(own), mutant.boundary, inSuite), alive);
    return atBoundary === "killed" || atBoundary === "crashed" ? "alike" : fate;
  };
  // A mutant that no new test reaches takes little time and shows a gap in the tests.
  const rank = (mutant: Mutant): number =>
    own !== null && reaching(dry, mutant, own) === null ? 0 : urgent.has(mutant.id) ? 1 : 2;
  const left = spread(all).sort((one, other) => rank(one) - rank(other));
  const work = async (): Promise<void> => {
    for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift())
      fates.set(
        mutant.id,
        performance.now() - started > context.budgetMs ? "not run" : await attempt(mutant),
      );
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return fates;
};
