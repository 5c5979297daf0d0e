import type { TestCase, TestReport } from "../../../schemas/tests.ts";
import { classifyPath } from "../../workspace/classify.ts";
import {
  awaitsSnapshot,
  compareRuns,
  isFileEntry,
  newErrors,
  newlyFailing,
  stillBroken,
  testId,
  type Regression,
} from "./compare.ts";
import { changedPaths, measuredRun, quantity, type Gate, type GateContext, type Measured } from "./gate.ts";

/** Fixtures and snapshots stand among the tests, but no runner can run them. */
const dataFile = /\.(snap|json|ya?ml|txt|md|csv|html|xml|png|svg)$/i;

/** Test files the run has added or changed so far and that are still there. */
const newTestFiles = ({ after }: GateContext): string[] =>
  [...after]
    .filter(([path, hash]) => hash !== null && classifyPath(path) === "test" && !dataFile.test(path))
    .map(([path]) => path)
    .sort();

/** Name and message of failed tests, for the one who has to mend them. */
const describe = (tests: readonly TestCase[]): string[] =>
  tests.map((test) => (test.message === null ? testId(test) : `${testId(test)}\n${test.message}`));

/** Name and message of errors outside of the tests. */
const describeErrors = (errors: readonly { name: string; message: string }[]): string[] =>
  errors.map(({ name, message }) => `${name}\n${message}`);

/** A run that showed no test at work, in words; null when tests ran. */
const unusable = (report: TestReport): Measured | null => {
  const tail = report.output.slice(-1500);
  const measured = measuredRun(report);
  switch (report.outcome) {
    case "load_error": {
      const evidence = report.load_errors.map(({ file, message }) => `${file}: ${message}`);
      return { held: false, reason: "The tests could not be loaded.", evidence, ...measured };
    }
    case "no_tests":
      return { held: false, reason: "No test ran.", evidence: [tail], ...measured };
    case "timed_out":
      return {
        held: false,
        reason: "The tests took too long and were stopped.",
        evidence: [tail],
        ...measured,
      };
    case "crashed":
      return {
        held: false,
        reason: "The test runner ended without a report.",
        evidence: [tail],
        ...measured,
      };
    case "passed":
    case "failed":
      return null;
  }
};

/** A suite that takes longer is not run a second time to see whether it has the new tests. */
const QUICK_SUITE_MS = 60_000;

/** The new or changed tests fail on today's code, in the tests and not in loading them. */
export const red: Gate = async (context) => {
  const files = newTestFiles(context);
  if (files.length === 0) return { held: false, reason: "No test was added or changed." };
  const before = await context.baseline();
  await context.ground.prepare(context.changes);
  const report = await context.ground.runTests({ files, coverage: false });
  const problem = unusable(report);
  if (problem !== null) {
    const hint =
      report.outcome === "load_error"
        ? " They have to load with today's code and fail in their own assertions."
        : "";
    return { ...problem, reason: problem.reason + hint };
  }
  // A bare command has an exit code and no names: that it fails is all there is to see.
  if (report.runner === "command") return redCommand(before, report);
  const failing = newlyFailing(before, report);
  const proving = failing.filter((test) => !awaitsSnapshot(test));
  const refusal =
    proving.length > 0
      ? await outsideTheSuite(context, before, proving)
      : failing.length > 0
        ? "The new tests fail only because their snapshots are not written yet, whatever the code does. Write what they expect into the tests."
        : "The new tests pass on today's code, so they prove nothing about the task.";
  return {
    held: refusal === null,
    reason: refusal ?? `${quantity(proving.length, "new test fails", "new tests fail")} on today's code.`,
    evidence: proving.map(testId),
    ...measuredRun(report),
  };
};

const redCommand = (before: TestReport, report: TestReport): Measured => {
  const failedBefore = before.runner === "command" && before.outcome === "failed";
  const held = report.outcome === "failed" && !failedBefore;
  return {
    held,
    reason: held
      ? "The test command fails with the new tests on today's code."
      : failedBefore
        ? "The test command failed before the new tests were there, so its failure proves nothing about them."
        : "The new tests pass on today's code, so they prove nothing about the task.",
    ...measuredRun(report),
  };
};

/** Why the project's own test command would never run these tests; null: it does, or nobody knows. */
const outsideTheSuite = async (
  context: GateContext,
  before: TestReport,
  tests: readonly TestCase[],
): Promise<string | null> => {
  if (before.duration_ms > QUICK_SUITE_MS) return null;
  const suite = await context.ground.runTests({ files: null, coverage: false });
  if (suite.runner === "command" || suite.outcome === "timed_out" || suite.outcome === "crashed") return null;
  const present = new Set(suite.tests.map(testId));
  const outside = tests.filter((test) => !present.has(testId(test)));
  if (outside.length === 0) return null;
  const files = [...new Set(outside.map(({ file }) => file))].join(", ");
  const example = suite.tests.find(({ file }) => !context.after.has(file))?.file;
  const where = example === undefined ? "" : `, as it runs ${example}`;
  return `The project's own test command (${suite.command.join(" ")}) does not run ${files}: put the tests where it runs them${where}.`;
};

/** The tests the run added or changed pass, and nothing fails around them. */
export const green: Gate = async (context) => {
  const files = newTestFiles(context);
  if (files.length === 0) return { held: false, reason: "There is no new test to pass." };
  await context.ground.prepare(context.changes);
  const report = await context.ground.runTests({ files, coverage: false });
  const problem = unusable(report);
  if (problem !== null) return problem;
  const before = await context.baseline();
  const failing = newlyFailing(before, report);
  const errors = newErrors(before, report);
  const passing = report.tests.filter((test) => test.status === "passed" && !isFileEntry(test));
  const isCommand = report.runner === "command";
  const held = isCommand
    ? report.outcome === "passed"
    : failing.length + errors.length === 0 && passing.length > 0;
  const problems = [
    ...(failing.length > 0 ? [`${quantity(failing.length, "test fails", "tests fail")}.`] : []),
    ...(errors.length > 0 ? [`${quantity(errors.length, "error")} outside of the tests.`] : []),
  ];
  return {
    held,
    reason: held
      ? `${quantity(report.counts.passed, "test passes", "tests pass")} that had to.`
      : problems.length > 0
        ? problems.join(" ")
        : "The test files ended without running a test.",
    evidence: held ? passing.map(testId) : [...describe(failing), ...describeErrors(errors)],
    ...measuredRun(report),
  };
};

/** What was right before the run and is not any more, in one sentence; null: nothing. */
const regressionInWords = ({ broken, errors, gone, skipped, missing }: Regression): string | null => {
  const parts = [
    broken.length > 0 ? `${quantity(broken.length, "test")} broken` : "",
    errors.length > 0 ? `${quantity(errors.length, "error")} outside of the tests` : "",
    gone.length > 0 ? `${quantity(gone.length, "test")} gone` : "",
    skipped.length > 0 ? `${quantity(skipped.length, "test")} skipped that passed before` : "",
    missing.length > 0 ? `${quantity(missing.length, "test program")} not run` : "",
  ].filter((part) => part !== "");
  return parts.length === 0 ? null : `${parts.join(", ")}.`;
};

/** Nothing that was right before the run fails, or is gone, in the whole suite; with coverage. */
export const clean: Gate = async (context) => {
  const before = await context.baseline();
  await context.ground.prepare(context.changes);
  const report = await context.ground.runTests({ files: null, coverage: true });
  // Files that could not be loaded before the run may stay so; they are compared one by one.
  const problem = report.outcome === "load_error" && report.tests.length > 0 ? null : unusable(report);
  if (problem !== null) return problem;
  const regression = compareRuns(before, report, new Set(context.after.keys()));
  const refusal = regressionInWords(regression);
  const old = stillBroken(before, report);
  const oldNote = old.length === 0 ? "" : ` (${old.length} failed before the run already)`;
  return {
    held: refusal === null,
    reason:
      refusal === null
        ? `The whole suite passes: ${quantity(report.counts.passed, "test")}${oldNote}.`
        : `${refusal.slice(0, -1)}${oldNote}.`,
    evidence:
      refusal === null
        ? old.map((name) => `failed before the run: ${name}`)
        : [
            ...describe(regression.broken),
            ...describeErrors(regression.errors),
            ...regression.gone.map((test) => `gone: ${test}`),
            ...regression.skipped.map((test) => `skipped: ${test}`),
            ...regression.missing.map((part) => `not run: ${part}`),
          ],
    ...measuredRun(report),
  };
};

/** No test and no test configuration changed since the tests were proven red. */
export const untouched: Gate = (context) => {
  const touched = changedPaths(context.provenRed ?? context.before, context.after).filter((path) => {
    const kind = classifyPath(path);
    return kind === "test" || kind === "test-config";
  });
  if (touched.length > 0 && context.allowTestChanges) {
    return Promise.resolve({
      held: true,
      reason: `${quantity(touched.length, "test file")} changed; changes of tests are allowed for this run.`,
      evidence: touched,
    });
  }
  return Promise.resolve({
    held: touched.length === 0,
    reason:
      touched.length === 0
        ? "No test and no test configuration was changed."
        : `${quantity(touched.length, "test file")} changed after the tests were proven.`,
    evidence: touched,
  });
};
