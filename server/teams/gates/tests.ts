import type { TestCase, TestReport } from "../../../schemas/tests.ts";
import { classifyPath } from "../../workspace/classify.ts";
import {
  asIfWatched,
  compareRuns,
  isFileEntry,
  newErrors,
  newlyFailing,
  stillBroken,
  testId,
  type Regression,
} from "./compare.ts";
import { changedPaths, measuredRun, quantity, type Gate, type GateContext, type Measured } from "./gate.ts";
import { agreeing } from "./agreeing.ts";
import { diverted } from "./diverted.ts";
import { importsHelpers, importsTests } from "./imports-tests.ts";
import { transformed } from "./transformed.ts";
import { withoutTheirCode } from "./outdated.ts";
import { underAnotherName } from "./renamed.ts";
import { describe, named, newTestFiles, probeOf, unusable } from "./test-run.ts";
import { unreached } from "./unreached.ts";
import { describeWithoutAssertion, withoutAssertion, withoutAssertionInWords } from "./without-assertion.ts";

/** The name and message of errors outside of the tests. */
const describeErrors = (errors: readonly { name: string; message: string }[]): string[] =>
  errors.map(({ name, message }) => `${name}\n${message}`);

/** The tests and files that `red` found or proved and that are now missing or do not pass. */
const notPassed = (context: GateContext, report: TestReport): string[] => {
  const { proven, found } = context.provenTests ?? { proven: [], found: [] };
  const statuses = new Map(report.tests.map((test) => [testId(test), test.status]));
  const absent = found.filter((id) => !statuses.has(id));
  const skipped = proven.filter((id) => statuses.get(id) === "skipped");
  return [...absent.map((id) => `did not run: ${id}`), ...skipped.map((id) => `skipped: ${id}`)];
};

/** The same for a run without a result. Empty if no test is known by name. */
const absentAtAll = (context: GateContext, report: TestReport): string[] =>
  report.outcome === "no_tests" ? notPassed(context, report) : [];

/**
 * Checks that each test that was proven red exists by its name, ran and passes, that all other tests in the
 * files that the run added or changed pass, and that nothing fails around them. No test may pass without an
 * assertion.
 */
export const green: Gate = async (context) => {
  const files = newTestFiles(context);
  if (files.length === 0) return { held: false, reason: "There is no new test to pass." };
  // The measurement of the baseline prepares the copy.
  const before = await context.baseline();
  await context.ground.prepare(context.changes);
  const report = await context.ground.runTests({ files, coverage: false, probe: probeOf(context) });
  const problem = unusable(report, context);
  if (problem !== null)
    return { ...problem, evidence: [...(problem.evidence ?? []), ...absentAtAll(context, report)] };
  const isCommand = report.runner === "command";
  const failing = newlyFailing(before, report);
  const errors = newErrors(before, report);
  const absent = isCommand ? [] : notPassed(context, report);
  const passing = report.tests.filter((test) => test.status === "passed" && !isFileEntry(test));
  const passes = isCommand
    ? report.outcome === "passed" && errors.length === 0
    : failing.length + errors.length + absent.length === 0 && passing.length > 0;
  if (passes)
    return (
      (await cannotFail(context, files, report, before)) ??
      (await importsTests(context, report)) ??
      (await importsHelpers(context, report)) ??
      (await diverted(context)) ??
      (await transformed(context)) ??
      (await agreeing(context)) ??
      greenProof(report, passing)
    );
  const problems = [
    ...(failing.length > 0 ? [`${quantity(failing.length, "test fails", "tests fail")}.`] : []),
    ...(errors.length > 0 ? [`${quantity(errors.length, "error")} outside of the tests.`] : []),
    ...(absent.length > 0
      ? [`${quantity(absent.length, "test that was", "tests that were")} proven red did not run.`]
      : []),
  ];
  return {
    held: false,
    reason: problems.length > 0 ? problems.join(" ") : "The test files ended without running a test.",
    evidence: [...describe(failing), ...describeErrors(errors), ...absent],
    ...measuredRun(report),
  };
};

const greenProof = (report: TestReport, passing: readonly TestCase[]): Measured => ({
  held: true,
  reason:
    report.counts.passed === 1
      ? "The required test passes."
      : `All ${report.counts.passed} required tests pass.`,
  evidence: passing.map(testId),
  ...measuredRun(report),
});

/** Refuses new tests that pass without reaching an assertion. Null if there are none. */
const cannotFail = async (
  context: GateContext,
  files: string[],
  report: TestReport,
  before: TestReport,
): Promise<Measured | null> => {
  const old = named(before, "passed");
  const passed = [...named(report, "passed")].filter((id) => !old.has(id));
  const empty = await withoutAssertion(context, files, passed);
  const reasons = withoutAssertionInWords(empty);
  const proven = new Set(context.provenTests?.proven);
  if (reasons.length === 0)
    return unreached(
      context,
      files,
      empty.silent.filter((id) => proven.has(id)),
    );
  return {
    held: false,
    reason: reasons.join(" "),
    evidence: describeWithoutAssertion(empty),
    concerns: "tests",
    ...measuredRun(report),
  };
};

/** The tests that passed before the run and no longer do, as a sentence. Null: none. */
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

const partInWords = (part: readonly string[]): string =>
  `The whole suite takes longer than \`test_timeout_seconds\` allows, so the gate ran only ${quantity(part.length, "test file")} that ${part.length === 1 ? "belongs" : "belong"} to the change or ${part.length === 1 ? "imports" : "import"} its files. Their tests pass`;

/** Its packages' tests are then the whole suite that can be run, and the new tests were proven by `green`. */
const OWN_COMMAND_BROKEN =
  " The project's own test command ends without running a test here, also without the change, so CODITECT started the test runners itself.";

/** Affected tests run first only if the whole suite takes longer than this. Milliseconds. */
const LONG_SUITE_MS = 30_000;

/**
 * The refusal of a change that breaks tests of files which import it, found without the whole suite. Null if none of
 * these tests broke, or the whole suite takes as little time. The state of the copy does not change.
 */
const affectedFirst = async (context: GateContext, before: TestReport): Promise<Measured | null> => {
  if (before.duration_ms < LONG_SUITE_MS || before.runner === "command") return null;
  const known = new Set(before.tests.map(({ file }) => file));
  const mine = new Set(newTestFiles(context));
  const affected = (await context.affectedTests?.()) ?? [];
  const files = affected.filter((file) => known.has(file) && !mine.has(file));
  if (files.length === 0 || files.length > known.size / 2) return null;
  const { ground, changes } = context;
  const report = await ground.runTests({ files, coverage: false });
  const failing = newlyFailing(before, report);
  await ground.prepare(failing.length > 0 ? [] : changes);
  if (failing.length === 0) return null;
  // Some tests pass only after tests of other files, even without a change.
  const alone = await ground.runTests({ files, coverage: false });
  const broken = newlyFailing(alone, { ...report, tests: failing });
  await ground.prepare(changes);
  if (broken.length === 0) return null;
  return {
    held: false,
    reason: `${quantity(broken.length, "test")} broken in files that import the changed files. The other tests did not run.`,
    evidence: describe(broken),
    ...measuredRun(report),
  };
};

/**
 * Checks that no test that passed before the run fails or is missing in the whole suite. Measures coverage.
 */
export const clean: Gate = async (context) => {
  const before = await context.baseline();
  await context.ground.prepare(context.changes);
  const early = await affectedFirst(context, before);
  if (early !== null) return early;
  const report = await context.ground.runTests({ files: null, coverage: true, probe: probeOf(context) });
  // Files that could not be loaded before the run do not count. Files are compared one by one.
  const problem =
    report.outcome === "load_error" && report.tests.length > 0 && report.tampering === undefined
      ? null
      : unusable(report, context);
  if (problem !== null) return problem;
  const rewritten = new Set(context.mayRemoveTests ? context.after.keys() : []);
  const deleted = new Set([...context.after].flatMap(([path, hash]) => (hash === null ? [path] : [])));
  const comparable = report.watched === true ? asIfWatched(before, deleted) : before;
  const regression = compareRuns(comparable, report, rewritten);
  const outdated = await withoutTheirCode(context, regression.gone);
  const there = new Set(before.tests.map(testId));
  const renamed = await underAnotherName(context, regression.gone, there);
  regression.gone = regression.gone.filter((id) => !outdated.has(id) && !renamed.has(id));
  const withoutOwn = before.without_own_command === true && report.without_own_command === true;
  if (report.runner !== "command" && !withoutOwn) {
    const present = new Set(report.tests.map(testId));
    const proven = context.provenTests?.proven ?? [];
    regression.gone.push(...proven.filter((id) => !present.has(id) && !regression.gone.includes(id)));
  }
  const refusal = regressionInWords(regression);
  const part = context.part();
  const old = stillBroken(before, report);
  const oldNote = old.length === 0 ? "" : ` (${old.length} failed before the run already)`;
  const suitePasses = withoutOwn ? "The tests that can run pass" : "The whole suite passes";
  const counted =
    report.runner === "command"
      ? "The test command passes. It does not report its tests one by one"
      : `${part === null ? suitePasses : partInWords(part)}: ${quantity(report.counts.passed, "test")}`;
  const ownNote = withoutOwn ? OWN_COMMAND_BROKEN : "";
  return {
    held: refusal === null,
    reason: refusal === null ? `${counted}${oldNote}.${ownNote}` : `${refusal.slice(0, -1)}${oldNote}.`,
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

/** Checks that no test and no test configuration changed after the tests were proven red. */
export const untouched: Gate = (context) => {
  const touched = changedPaths(context.provenRed ?? context.before, context.after).filter((path) => {
    const kind = classifyPath(path, context.layout);
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
