import type { TestCase, TestReport } from "../../../schemas/tests.ts";
import { classifyPath } from "../../workspace/classify.ts";
import {
  changedPaths,
  measuredRun,
  quantity,
  testId,
  type Gate,
  type GateContext,
  type Measured,
} from "./gate.ts";

/** Fixtures and snapshots stand among the tests, but no runner can run them. */
const dataFile = /\.(snap|json|ya?ml|txt|md|csv|html|xml|png|svg)$/i;

/** Test files the run has added or changed so far and that are still there. */
const newTestFiles = ({ after }: GateContext): string[] =>
  [...after]
    .filter(([path, hash]) => hash !== null && classifyPath(path) === "test" && !dataFile.test(path))
    .map(([path]) => path)
    .sort();

const failures = (report: TestReport): TestCase[] => report.tests.filter((test) => test.status === "failed");

const failedIn = (report: TestReport): Set<string> => new Set(failures(report).map(testId));

/** Name and message of failed tests, for the one who has to mend them. */
const describe = (tests: readonly TestCase[]): string[] =>
  tests.map((test) => (test.message === null ? testId(test) : `${testId(test)}\n${test.message}`));

/** A run that showed no test at work, in words; null when tests ran. */
const unusable = (report: TestReport): Measured | null => {
  const tail = report.output.slice(-1500);
  switch (report.outcome) {
    case "load_error": {
      const evidence = report.load_errors.map(({ file, message }) => `${file}: ${message}`);
      return { held: false, reason: "The tests could not be loaded.", evidence, ...measuredRun(report) };
    }
    case "no_tests":
      return { held: false, reason: "No test ran.", evidence: [tail], ...measuredRun(report) };
    case "timed_out":
      return {
        held: false,
        reason: "The tests took too long and were stopped.",
        evidence: [tail],
        ...measuredRun(report),
      };
    case "crashed":
      return {
        held: false,
        reason: "The test runner ended without a report.",
        evidence: [tail],
        ...measuredRun(report),
      };
    case "passed":
    case "failed":
      return null;
  }
};

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
  const known = failedIn(before);
  const failing = failures(report).filter((test) => !known.has(testId(test)));
  // A bare command has an exit code and no names: that it fails is all there is to see.
  const fails = report.runner === "command" ? report.outcome === "failed" : failing.length > 0;
  return {
    held: fails,
    reason: fails
      ? `${quantity(Math.max(failing.length, 1), "new test fails", "new tests fail")} on today's code.`
      : "The new tests pass on today's code, so they prove nothing about the task.",
    evidence: failing.map(testId),
    ...measuredRun(report),
  };
};

/** The tests the run added or changed pass. */
export const green: Gate = async (context) => {
  const files = newTestFiles(context);
  if (files.length === 0) return { held: false, reason: "There is no new test to pass." };
  await context.ground.prepare(context.changes);
  const report = await context.ground.runTests({ files, coverage: false });
  const problem = unusable(report);
  if (problem !== null) return problem;
  const known = failedIn(await context.baseline());
  const failing = failures(report).filter((test) => !known.has(testId(test)));
  const fails = failing.length > 0 || (report.runner === "command" && report.outcome === "failed");
  return {
    held: !fails,
    reason: fails
      ? `${quantity(Math.max(failing.length, 1), "test fails", "tests fail")}.`
      : `${quantity(report.counts.passed, "test passes", "tests pass")} that had to.`,
    evidence: fails ? describe(failing) : report.tests.filter((test) => test.status === "passed").map(testId),
    ...measuredRun(report),
  };
};

/**
 * Tests that passed before the run and are gone, in files the run did not change: a test can also
 * be lost by changing which tests run.
 */
const lost = (before: TestReport, report: TestReport, changed: ReadonlySet<string>): string[] => {
  const present = new Set(report.tests.map(testId));
  return before.tests
    .filter((test) => test.status === "passed" && !changed.has(test.file) && !present.has(testId(test)))
    .map(testId);
};

/** Nothing that passed before the run fails, or is gone, in the whole suite; with coverage. */
export const clean: Gate = async (context) => {
  const before = await context.baseline();
  await context.ground.prepare(context.changes);
  const report = await context.ground.runTests({ files: null, coverage: true });
  const problem = unusable(report);
  if (problem !== null) return problem;
  const known = failedIn(before);
  const broken = failures(report).filter((test) => !known.has(testId(test)));
  const gone = lost(before, report, new Set(context.after.keys()));
  const commandFails =
    report.runner === "command" && report.outcome === "failed" && before.outcome !== "failed";
  const held = broken.length === 0 && gone.length === 0 && !commandFails;
  const old = failures(report).length - broken.length;
  const oldNote = old === 0 ? "" : ` (${quantity(old, "test")} failed before the run already)`;
  return {
    held,
    reason: held
      ? `The whole suite passes: ${quantity(report.counts.passed, "test")}${oldNote}.`
      : `${quantity(broken.length, "test")} broken, ${quantity(gone.length, "test")} gone${oldNote}.`,
    evidence: held ? [] : [...describe(broken), ...gone.map((test) => `gone: ${test}`)],
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
