import type { GateProof } from "../../../schemas/gates.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import type { Measurements } from "../../models/quality.ts";
import { testId } from "../gates/compare.ts";
import type { GateContext } from "../gates/gate.ts";

/** A suite that takes longer is not run again only for this number. Milliseconds. */
const QUICK_SUITE_MS = 20_000;

/** The time of each passed test, by name. Tests with the same name are added up. */
const timesOf = (report: TestReport): Map<string, number> => {
  const times = new Map<string, number>();
  for (const test of report.tests)
    if (test.status === "passed" && test.duration_ms !== null)
      times.set(testId(test), (times.get(testId(test)) ?? 0) + test.duration_ms);
  return times;
};

/** The time of the tests that passed in both runs; null if there are none or no runner reports it. */
export const compareTestTimes = (before: TestReport, after: TestReport): Measurements["test_times"] => {
  const [earlier, later] = [timesOf(before), timesOf(after)];
  const common = [...earlier.keys()].filter((id) => later.has(id));
  if (common.length === 0) return null;
  const sum = (times: Map<string, number>) => common.reduce((total, id) => total + (times.get(id) ?? 0), 0);
  return { before: sum(earlier), after: sum(later) };
};

/**
 * How long the project's own tests take with a change whose whole suite was proven, compared with before the run.
 * This needs a separate run, because the proofs measure coverage and watch the tests.
 */
export const measureTestTimes = async (
  proofs: readonly GateProof[],
  context: Pick<GateContext, "baseline" | "ground" | "changes" | "signal">,
): Promise<Measurements["test_times"]> => {
  if (!proofs.some(({ gate, held }) => gate === "clean" && held)) return null;
  const before = await context.baseline();
  if (before.duration_ms > QUICK_SUITE_MS || timesOf(before).size === 0) return null;
  try {
    await context.ground.prepare(context.changes);
    return compareTestTimes(before, await context.ground.runTests({ files: null, coverage: false }));
  } catch (error) {
    if (context.signal.aborted) throw error;
    // The work is proven, and a missing number must not change that.
    return null;
  }
};
