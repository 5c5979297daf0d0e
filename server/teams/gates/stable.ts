import type { TestReport } from "../../../schemas/tests.ts";
import { testId } from "./compare.ts";
import { measuredRun, quantity, type Gate, type GateContext } from "./gate.ts";
import { failures, named, newTestFiles, probeOf } from "./test-run.ts";

/** How often the new tests run again, each time in another order. */
const RUNS = 5;
/** The maximum number of tests that run alone. */
const MOST_ALONE = 10;
/** Changes the year, the day of the week and the time of day. */
const AHEAD_MS = (400 * 24 + 13) * 3600 * 1000;

interface Repeat {
  /** How the run differed, to end the sentence "A test fails …". */
  how: string;
  run: (context: GateContext, files: string[]) => Promise<TestReport>;
  /** The test to run, if only one should run. */
  only?: string;
}

const shuffled = (seed: number): Repeat => ({
  how: `in order ${seed} of the tests`,
  run: (context, files) =>
    context.ground.runTests({ files, coverage: false, probe: probeOf(context, { seed }) }),
});

const later: Repeat = {
  how: "when the clock is 400 days ahead",
  run: (context, files) =>
    context.ground.runTests({
      files,
      coverage: false,
      probe: probeOf(context, { clock_ahead_ms: AHEAD_MS }),
    }),
};

const alone = (id: string): Repeat => {
  const [file = "", ...names] = id.split(" > ");
  return {
    how: "alone",
    only: id,
    run: (context) =>
      context.ground.runTests({
        files: [file],
        coverage: false,
        name: names.join(" > "),
        probe: probeOf(context),
      }),
  };
};

/** Checks that the new tests pass each time, in any order, alone, and on another day. */
export const stable: Gate = async (context) => {
  const files = newTestFiles(context);
  if (files.length === 0) return { held: true, reason: "There is no new test." };
  // The measurement of the baseline prepares the copy.
  const before = await context.baseline();
  await context.ground.prepare(context.changes);
  const known = named(before, "failed");
  const first = await shuffled(0).run(context, files);
  if (first.runner === "command") return await repeatCommand(context, files, first);
  const started = performance.now();
  const expected = context.provenTests?.proven ?? [...named(first, "passed")];
  // The most useful runs come first, in case there is not enough time for all.
  const repeats = [
    shuffled(1),
    later,
    ...Array.from({ length: RUNS - 2 }, (_, index) => shuffled(index + 2)),
    ...expected.slice(0, MOST_ALONE).map(alone),
  ];
  const unsteady = new Map<string, string>();
  let last = first;
  const look = (report: TestReport, { how, only }: Pick<Repeat, "how" | "only">) => {
    last = report;
    const passed = named(report, "passed");
    const missing = (only === undefined ? expected : [only]).filter((id) => !passed.has(id));
    const failing = failures(report)
      .map(testId)
      .filter((id) => !known.has(id));
    for (const id of new Set([...missing, ...failing])) if (!unsteady.has(id)) unsteady.set(id, how);
  };
  look(first, { how: "in order 0 of the tests" });
  let tried = 0;
  for (const repeat of repeats) {
    if (unsteady.size > 0 || performance.now() - started > context.budgetMs) break;
    look(await repeat.run(context, files), repeat);
    tried += 1;
  }
  const rest = repeats.length - tried;
  return {
    held: unsteady.size === 0,
    reason:
      unsteady.size === 0
        ? steadyInWords(tried, rest, first)
        : `${quantity(unsteady.size, "test")} that passed before ${unsteady.size === 1 ? "fails" : "fail"} when run again.`,
    evidence: [...unsteady].map(([id, how]) => `fails ${how}: ${id}`),
    ...measuredRun(unsteady.size === 0 ? first : last),
  };
};

const steadyInWords = (tried: number, rest: number, { watched, runner }: TestReport): string => {
  if (rest > 0)
    return `The new tests pass ${quantity(tried + 1, "time")}; ${quantity(rest, "more run was", "more runs were")} not tried: the time was up.`;
  return watched === true
    ? `The new tests pass ${RUNS} times in other orders, alone, and with the clock 400 days ahead.`
    : `The new tests pass ${RUNS} times and alone. Order and clock cannot be changed for ${runner}.`;
};

/** A command has no names and no order of tests, so it must only succeed each time. */
const repeatCommand: (context: GateContext, files: string[], first: TestReport) => ReturnType<Gate> = async (
  context,
  files,
  first,
) => {
  const started = performance.now();
  let report = first;
  let runs = 1;
  while (runs < RUNS && report.outcome === "passed" && performance.now() - started < context.budgetMs) {
    report = await context.ground.runTests({ files, coverage: false, probe: probeOf(context) });
    runs += 1;
  }
  const held = report.outcome === "passed";
  return {
    held,
    reason: held
      ? `The tests pass ${quantity(runs, "time")}${runs < RUNS ? `; ${RUNS} were wanted, but the time was up` : ""}.`
      : "The tests passed before and fail when run again.",
    ...measuredRun(report),
  };
};
