import type { TestReport } from "../../../schemas/tests.ts";
import type { ProvingGround } from "../../executions/execution-request.ts";

/** The suite as gates see it. */
export interface Suite {
  ground: ProvingGround;
  /** The suite before the change. May prepare the copy for it. */
  baseline: () => Promise<TestReport>;
  /** The test files that replace the whole suite. Null: the whole suite ran. */
  part: () => readonly string[] | null;
}

/**
 * Limits the suite to the time that tests may take. If the whole suite takes longer before the change, the
 * tests that the change can affect replace it, because a gate that needs the whole suite could never hold.
 *
 * @param options `whole`: the whole suite before the change; `affected`: files of tests, according to imports
 */
export const suiteWithinTime = (
  ground: ProvingGround,
  whole: () => Promise<TestReport>,
  affected: () => Promise<readonly string[]>,
): Suite => {
  let part: readonly string[] | null = null;
  let measured: Promise<TestReport> | null = null;
  const measure = async (): Promise<TestReport> => {
    const report = await whole();
    const files = report.outcome === "timed_out" ? await affected() : [];
    if (files.length === 0) return report;
    part = files;
    await ground.prepare([]);
    return ground.runTests({ files: [...files], coverage: false });
  };
  return {
    ground: {
      ...ground,
      runTests: (wanted) =>
        ground.runTests(wanted.files === null && part !== null ? { ...wanted, files: [...part] } : wanted),
    },
    baseline: () => (measured ??= measure()),
    part: () => part,
  };
};
