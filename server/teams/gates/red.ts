import { shortFailure } from "../../../schemas/short-failure.ts";
import type { TestLayout } from "../../../schemas/test-layout.ts";
import type { TestCase, TestReport } from "../../../schemas/tests.ts";
import { classifyPath } from "../../workspace/classify.ts";
import { awaitsSnapshot, isFileEntry, newlyFailing, testId, testLabel } from "./compare.ts";
import { measuredRun, quantity, type Gate, type GateContext, type Measured } from "./gate.ts";
import { missingNames } from "./missing.ts";
import { innermostPlace, stoppedByCode } from "./stubs.ts";
import { describe, named, newTestFiles, probeOf, unusable } from "./test-run.ts";
import { describeWithoutAssertion, withoutAssertion, withoutAssertionInWords } from "./without-assertion.ts";

/** Whether the code under test threw the error, and not the test. A crash of the code proves a bug. */
export const crashesInCode = ({ message }: TestCase, layout: TestLayout): boolean => {
  const [innermost] = innermostPlace(message ?? "") ?? [];
  return innermost !== undefined && classifyPath(innermost, layout) === "source";
};

/** Whether a test fails for the right reason: an assertion, a missing name, or a crash of the code. */
const failsRightly = (test: TestCase, layout: TestLayout): boolean =>
  test.failure !== "error" || crashesInCode(test, layout);

/** The maximum length of a failure that is stored for readers, because nobody has to repair it. */
const LONGEST_FAILURE = 1500;

/** A suite that takes longer is not run again to see whether it includes the new tests. */
const QUICK_SUITE_MS = 60_000;

/**
 * Checks that the new or changed tests fail with the current code, each by its own assertion or for a name that
 * does not exist yet. A new test that already passes proves nothing and is named. A test that cannot fail is
 * refused.
 */
export const red: Gate = async (context) => {
  const files = newTestFiles(context);
  if (files.length === 0) return { held: false, reason: "No test was added or changed." };
  const before = await context.baseline();
  await context.ground.prepare(context.changes);
  const report = await context.ground.runTests({ files, coverage: false, probe: probeOf(context) });
  const problem = unusable(report, context);
  const stopped = await stoppedByCode(context, report);
  const awaiting =
    report.tampering === undefined ? await awaitingTests(context, files, { report, before, stopped }) : null;
  if (problem !== null && awaiting === null && stopped === null) {
    const hint =
      report.outcome === "load_error"
        ? " The tests must load with the current code and fail on an assertion."
        : "";
    return { ...problem, reason: problem.reason + hint };
  }
  // A command reports an exit code and no names, so only its failure counts.
  if (report.runner === "command") return redCommand(before, report);
  const knownPassing = named(before, "passed");
  const failing = newlyFailing(before, report);
  const wrong = failing.filter((test) => !failsRightly(test, context.layout));
  const proving = failing.filter((test) => failsRightly(test, context.layout) && !awaitsSnapshot(test));
  const passing = [...named(report, "passed")].filter((id) => !knownPassing.has(id));
  if (
    context.wholeChange !== null &&
    report.counts.passed > 0 &&
    report.outcome === "passed" &&
    passing.length === 0
  )
    return nothingNew(report);
  const empty = await withoutAssertion(context, files, passing);
  const refused = new Set([...empty.cannotFail, ...empty.untried]);
  // If files cannot be loaded yet, the whole suite shows nothing.
  const outside =
    proving.length > 0 && problem === null && context.part() === null
      ? await outsideTheSuite(context, before, proving)
      : null;
  const proven = [...proving.map(testId), ...(awaiting?.tests ?? [])];
  const problems = [
    ...withoutAssertionInWords(empty),
    ...(wrong.length > 0
      ? [
          `${quantity(wrong.length, "new test fails", "new tests fail")} with an error instead of a failed assertion.`,
        ]
      : []),
    ...(outside === null ? [] : [outside]),
    ...(proven.length > 0 || wrong.length > 0 || stopped !== null ? [] : [nothingProven(failing)]),
  ];
  return {
    held: problems.length === 0,
    reason: problems.length > 0 ? problems.join(" ") : redInWords(proven.length, passing.length, stopped),
    evidence: [
      ...describeWithoutAssertion(empty),
      ...describe(wrong).map((text) => `fails by an error: ${text}`),
      ...describe(proving).map((failure) => shortFailure(failure, LONGEST_FAILURE)),
      ...(stopped ?? []).map((why) => `not loaded, because ${why}`),
      ...(awaiting?.tests.map((id) => `cannot run without ${awaiting.missing}: ${testLabel(id)}`) ?? []),
      ...passing.filter((id) => !refused.has(id)).map((id) => `passes already: ${testLabel(id)}`),
    ],
    tests: { proven, found: [...report.tests.map(testId), ...(awaiting?.tests ?? [])] },
    ...measuredRun(report),
  };
};

/**
 * Tests that cannot run with the current code because it lacks a module or a name that the change adds. Their names
 * come from a run with the changed code. Null if the files do not load for another reason, or the change is not
 * known yet.
 */
const awaitingTests = async (
  context: GateContext,
  files: string[],
  { report, before, stopped }: { report: TestReport; before: TestReport; stopped: readonly string[] | null },
): Promise<{ missing: string; tests: string[] } | null> => {
  const { wholeChange } = context;
  if (wholeChange === null) return null;
  const missing = missingNames(report, wholeChange, context.layout) ?? stopped;
  if (missing === null) return null;
  await context.ground.prepare(wholeChange);
  const later = await context.ground.runTests({ files, coverage: false, probe: probeOf(context) });
  await context.ground.prepare(context.changes);
  const [ranToday, passedBefore] = [new Set(report.tests.map(testId)), named(before, "passed")];
  const tests = later.tests
    .filter((test) => test.status !== "skipped" && !isFileEntry(test))
    .map(testId)
    .filter((id) => !ranToday.has(id) && !passedBefore.has(id));
  return tests.length === 0 || later.tampering !== undefined ? null : { missing: missing.join(", "), tests };
};

/** The proof if existing tests were only rearranged or removed. Other gates check what they show. */
const nothingNew = (report: TestReport): Measured => ({
  held: true,
  reason: "There are no new tests. The existing tests pass on the code before the change.",
  tests: { proven: [], found: report.tests.map(testId) },
  ...measuredRun(report),
});

const nothingProven = (failing: readonly TestCase[]): string =>
  failing.length > 0
    ? "The new tests fail only because their snapshots are not written yet, whatever the code does. Write what they expect into the tests."
    : "The new tests pass on today's code, so they prove nothing about the task.";

const redInWords = (failing: number, passing: number, stopped: readonly string[] | null): string => {
  const fails =
    failing > 0 || stopped === null
      ? `${quantity(failing, "new test fails", "new tests fail")} on today's code.`
      : `The new tests cannot run on today's code: ${stopped.join(", ")}.`;
  if (passing === 0) return fails;
  const passes = quantity(passing, "new test passes", "new tests pass");
  return `${fails} ${passes} already and ${passing === 1 ? "proves" : "prove"} nothing about the task.`;
};

const redCommand = (before: TestReport, report: TestReport): Measured => {
  const failedBefore = before.runner === "command" && before.outcome === "failed";
  const held = report.outcome === "failed" && !failedBefore;
  return {
    held,
    reason: held
      ? "The test command fails with the new tests on today's code."
      : failedBefore
        ? "The test command failed before the new tests existed, so its failure proves nothing about them."
        : "The new tests pass on today's code, so they prove nothing about the task.",
    ...measuredRun(report),
  };
};

/** Why the project's own test command would never run these tests; null if it does or this is unknown. */
const outsideTheSuite = async (
  context: GateContext,
  before: TestReport,
  tests: readonly TestCase[],
): Promise<string | null> => {
  if (before.duration_ms > QUICK_SUITE_MS) return null;
  const suite = await context.ground.runTests({ files: null, coverage: false });
  if (suite.runner === "command" || suite.outcome === "timed_out" || suite.outcome === "crashed") return null;
  if (suite.without_own_command === true) return null;
  const present = new Set(suite.tests.map(testId));
  const outside = tests.filter((test) => !present.has(testId(test)));
  if (outside.length === 0) return null;
  const files = [...new Set(outside.map(({ file }) => file))].join(", ");
  const example = suite.tests.find(({ file }) => !context.after.has(file))?.file;
  const where = example === undefined ? "" : `, as it runs ${example}`;
  return `The project's own test command (${suite.command.join(" ")}) does not run ${files}: put the tests where it runs them${where}.`;
};
