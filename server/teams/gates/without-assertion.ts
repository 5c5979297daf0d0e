import type { FileChange } from "../../../schemas/changes.ts";
import type { TestCase } from "../../../schemas/tests.ts";
import { ableToFail } from "./can-fail.ts";
import { testId } from "./compare.ts";
import type { GateContext } from "./gate.ts";
import { probeOf } from "./test-run.ts";
import { assertsTruthsAlone } from "./test-text.ts";

/** Separates the names of suites and of a test. */
const nameSeparator = " > ";

/**
 * Tests of these files that cannot fail. They run in the current state of the copy while every known assertion throws
 * as soon as it is reached. A test that passes all the same, or asserts about literals, may assert in another way, and
 * one that reaches an assertion of the project's own may reach one that never fails: both are measured with mutants,
 * and so are all tests if none ran. If no witness watched, the result is empty.
 *
 * @param changes the current state, if it is not that of the context.
 */
export const withoutAssertion = async (
  context: GateContext,
  files: readonly string[],
  asked: readonly string[],
  changes: readonly FileChange[] = context.changes,
): Promise<string[]> => {
  if (asked.length === 0) return [];
  const probe = probeOf(context, { refuse_assertions: true });
  const report = await context.ground.runTests({ files: [...files], coverage: false, probe });
  if (report.watched !== true) return [];
  const showsTests = report.outcome === "passed" || report.outcome === "failed";
  const ran = new Map(showsTests ? report.tests.map((test) => [testId(test), test]) : []);
  const texts = new Map<string, string>();
  for (const path of files) texts.set(path, (await context.readText(path)) ?? "");
  const assertsTruths = ({ file, name, failure }: TestCase): boolean =>
    failure === "refused" &&
    assertsTruthsAlone(texts.get(file) ?? "", name.split(nameSeparator).at(-1) ?? name);
  const isSilent = (id: string): boolean => {
    const test = ran.get(id);
    return test !== undefined && (test.status === "passed" || assertsTruths(test));
  };
  const isDoubted = (id: string): boolean => !showsTests || ran.get(id)?.failure === "doubted";
  const suspects = asked.filter((id) => isSilent(id) || isDoubted(id));
  const { able, unable } = await ableToFail(context, new Set(suspects), files, changes);
  return suspects.filter((id) => (isSilent(id) ? !able.has(id) : unable.has(id)));
};
