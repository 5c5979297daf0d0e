import type { TestReport } from "../../../schemas/tests.ts";
import { isHeldBack } from "../../workspace/classify.ts";
import { isFileEntry, newErrors, newlyFailing, testId } from "./compare.ts";
import { measuredRun, quantity, type Gate, type GateContext } from "./gate.ts";
import { describe, newTestFiles, probeOf, unusable } from "./test-run.ts";

/** The results of a run of tests, and its failures. */
interface Result {
  report: TestReport;
  passed: number;
  /** Descriptions for people. */
  failures: string[];
}

const resultOf = (before: TestReport, report: TestReport, expected: readonly string[]): Result => {
  const present = new Set(report.tests.map(testId));
  return {
    report,
    passed: report.tests.filter((test) => test.status === "passed" && !isFileEntry(test)).length,
    failures: [
      ...describe(newlyFailing(before, report)),
      ...newErrors(before, report).map(({ name, message }) => `${name}\n${message}`),
      ...expected.filter((id) => !present.has(id)).map((id) => `did not run: ${id}`),
    ],
  };
};

const inWords = ({ passed, failures }: Result, kind: string): string =>
  failures.length === 0
    ? quantity(passed, `${kind} test passes`, `${kind} tests pass`)
    : `${failures.length} of ${quantity(passed + failures.length, `${kind} test`)} ${failures.length === 1 ? "fails" : "fail"}`;

/**
 * Checks that the tests which the authors of the code never saw pass as the other tests do. Both run separately, so
 * that the gate measures the difference.
 */
export const heldBack: Gate = async (context) => {
  const hidden = new Map(context.heldBack.changes.map((change) => [change.path, "held back"]));
  const files = newTestFiles({ after: hidden, layout: context.layout });
  if (files.length === 0) return { held: true, reason: "No tests were held back." };
  // The measurement of the baseline prepares the copy.
  const before = await context.baseline();
  const known = context.changes.filter(({ path }) => !hidden.has(path));
  await context.ground.prepare([...known, ...context.heldBack.changes]);
  const report = await run(context, files);
  const problem = unusable(report, context);
  if (problem !== null) return problem;
  const judged = resultOf(before, report, report.runner === "command" ? [] : context.heldBack.proven);
  const shown = newTestFiles(context).filter((path) => !isHeldBack(path));
  const visible = shown.length === 0 ? null : resultOf(before, await run(context, shown), []);
  await context.ground.prepare(context.changes);
  const held = judged.failures.length === 0 && (report.runner !== "command" || report.outcome === "passed");
  const others = visible === null ? "" : `; ${inWords(visible, "visible")}`;
  const fitted = !held && visible?.failures.length === 0;
  const meaning = fitted
    ? " The code passes the tests that its author saw, and not those it did not see."
    : "";
  return {
    held,
    reason: `${inWords(judged, "held-back")}${others}.${meaning}`,
    evidence: held ? files : judged.failures,
    ...measuredRun(report),
  };
};

const run = (context: GateContext, files: string[]): Promise<TestReport> =>
  context.ground.runTests({ files, coverage: false, probe: probeOf(context) });
