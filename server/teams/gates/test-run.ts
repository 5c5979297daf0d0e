import { TestProbe, type TestCase, type TestReport } from "../../../schemas/tests.ts";
import { classifyPath } from "../../workspace/classify.ts";
import { causeOf } from "./cause.ts";
import { testId, testLabel } from "./compare.ts";
import { measuredRun, quantity, type GateContext, type Measured } from "./gate.ts";

/** Fixtures and snapshots, which count as tests but cannot be run. */
const dataFile = /\.(snap|json|ya?ml|txt|md|csv|html|xml|png|svg)$/i;

/** Test files that the run has added or changed so far and that still exist. */
export const newTestFiles = ({ after, layout }: Pick<GateContext, "after" | "layout">): string[] =>
  [...after]
    .filter(([path, hash]) => hash !== null && classifyPath(path, layout) === "test" && !dataFile.test(path))
    .map(([path]) => path)
    .sort();

/** A probe that watches the files of the change. */
export const probeOf = ({ after }: Pick<GateContext, "after">, more: Partial<TestProbe> = {}): TestProbe => ({
  ...TestProbe.parse({}),
  suspects: [...after.keys()].sort(),
  ...more,
});

export const failures = (report: TestReport): TestCase[] =>
  report.tests.filter((test) => test.status === "failed");

/** The names of the tests with this status. */
export const named = (report: TestReport, status: TestCase["status"]): Set<string> =>
  new Set(report.tests.filter((test) => test.status === status).map(testId));

/** The name and message of failed tests, for the agent that must repair them. */
export const describe = (tests: readonly TestCase[]): string[] =>
  tests.map((test) => {
    const label = testLabel(testId(test));
    return test.message === null ? label : `${label}\n${test.message}`;
  });

/** Why a run shows nothing about the change: something interfered with it, or no test ran. */
export const unusable = (report: TestReport, context: Pick<GateContext, "after">): Measured | null =>
  tampered(report) ?? notRun(report, context);

/** The proof of a run that a file tried to influence. */
const tampered = (report: TestReport): Measured | null => {
  const [first, ...others] = report.tampering ?? [];
  if (first === undefined) return null;
  const told = [first, ...others].map(
    ({ path, line, what }) => `${path === "" ? "a file" : path}${line === null ? "" : `:${line}`} ${what}`,
  );
  return {
    held: false,
    reason: `The change tampers with its tests: ${told[0] ?? ""}.`,
    evidence: told,
    ...measuredRun(report),
  };
};

const notRun = (report: TestReport, { after }: Pick<GateContext, "after">): Measured | null => {
  const tail = report.output.slice(-1500);
  const failed = (reason: string, evidence = [tail]): Measured => ({
    held: false,
    reason,
    evidence,
    ...measuredRun(report),
  });
  const leftOut = (report.left_out ?? []).filter(({ file }) => after.has(file));
  if (
    leftOut.length > 0 &&
    (report.outcome === "passed" || report.outcome === "failed" || report.outcome === "no_tests")
  )
    return failed(
      `No test of ${leftOut.map(({ file }) => file).join(", ")} ran.`,
      leftOut.map(({ file, reason }) => `${file}: ${reason}`),
    );
  switch (report.outcome) {
    case "load_error":
      return failed(
        "The tests could not be loaded.",
        report.load_errors.map(({ file, message }) => `${file}: ${message}`),
      );
    case "no_tests":
      return failed(
        report.counts.skipped === 0
          ? "No test ran."
          : `No test ran: ${quantity(report.counts.skipped, "test was", "tests were")} skipped.`,
      );
    case "timed_out":
      return failed(
        "The tests took longer than `test_timeout_seconds` allows and were stopped. Allow more time, or name a quicker test command.",
      );
    case "crashed":
      return failed(causeOf(report, after));
    case "passed":
    case "failed":
      return null;
  }
};
