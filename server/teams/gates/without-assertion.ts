import type { FileChange } from "../../../schemas/changes.ts";
import type { TestCase } from "../../../schemas/tests.ts";
import { ableToFail } from "./can-fail.ts";
import { testId } from "./compare.ts";
import { quantity, type GateContext } from "./gate.ts";
import { probeOf } from "./test-run.ts";
import { assertsTruthsAlone } from "./test-text.ts";

/** Tests that reach no known assertion, by what mutants showed about them. */
export interface WithoutAssertion {
  cannotFail: string[];
  /** The time was up before they were tried with every mutant. */
  untried: string[];
  /** Tests that can fail, but reach no known assertion in this state. */
  silent: string[];
}

const none: WithoutAssertion = { cannotFail: [], untried: [], silent: [] };

/**
 * Tests of these files that cannot fail. They run in the current state of the copy while every known assertion throws
 * as soon as it is reached. A test that passes all the same, or asserts about literals, may assert in another way, and
 * one that reaches an assertion of the project's own may reach one that never fails: both are measured with mutants,
 * and so are tests that did not run. If no witness watched, the result is empty.
 *
 * @param changes the current state, if it is not that of the context.
 */
export const withoutAssertion = async (
  context: GateContext,
  files: readonly string[],
  asked: readonly string[],
  changes: readonly FileChange[] = context.changes,
): Promise<WithoutAssertion> => {
  if (asked.length === 0) return none;
  const probe = probeOf(context, { refuse_assertions: true });
  const report = await context.ground.runTests({ files: [...files], coverage: false, probe });
  if (report.watched !== true) return none;
  const isStopped = report.outcome === "timed_out";
  const showsTests = report.outcome === "passed" || report.outcome === "failed" || isStopped;
  const ran = new Map(showsTests ? report.tests.map((test) => [testId(test), test]) : []);
  const texts = new Map<string, string>();
  for (const path of files) texts.set(path, (await context.readText(path)) ?? "");
  const assertsTruths = ({ file, name, failure }: TestCase): boolean =>
    failure === "refused" && assertsTruthsAlone(texts.get(file) ?? "", name);
  const isSilent = (id: string): boolean => {
    const test = ran.get(id);
    return test !== undefined && (test.status === "passed" || assertsTruths(test));
  };
  const isDoubted = (id: string): boolean =>
    !showsTests || (isStopped && !ran.has(id)) || ran.get(id)?.failure === "doubted";
  const suspects = asked.filter((id) => isSilent(id) || isDoubted(id));
  const { able, unable, untried } = await ableToFail(context, new Set(suspects), files, {
    ...{ changes, usualMs: report.duration_ms },
  });
  const refused = suspects.filter((id) => (isSilent(id) ? !able.has(id) : unable.has(id)));
  return {
    cannotFail: refused.filter((id) => !untried.has(id)),
    untried: refused.filter((id) => untried.has(id)),
    silent: suspects.filter((id) => ran.get(id)?.status === "passed" && able.has(id)),
  };
};

/** What is wrong with the tests, as sentences. Empty if there are none. */
export const withoutAssertionInWords = ({
  cannotFail,
  untried,
}: Pick<WithoutAssertion, "cannotFail" | "untried">): string[] => [
  ...(cannotFail.length === 0
    ? []
    : [
        `${quantity(cannotFail.length, "new test reaches", "new tests reach")} no assertion and cannot fail.`,
      ]),
  ...(untried.length === 0
    ? []
    : [
        `${quantity(untried.length, "new test reaches", "new tests reach")} no known assertion, and the time was up before mutants showed that ${untried.length === 1 ? "it" : "they"} can fail. Raise \`gate_budget_seconds\`, or use assertions of the test library.`,
      ]),
];

/** Names these tests, each with what is wrong with it. */
export const describeWithoutAssertion = ({
  cannotFail,
  untried,
}: Pick<WithoutAssertion, "cannotFail" | "untried">): string[] => [
  ...cannotFail.map((id) => `cannot fail: ${id}`),
  ...untried.map((id) => `the time was up: ${id}`),
];
