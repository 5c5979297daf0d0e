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

/** What is known of the tests before the change. */
interface SuiteBefore {
  /** Runs the whole suite. */
  whole: () => Promise<TestReport>;
  /** The files of tests that the change can affect, according to imports. */
  affected: () => Promise<readonly string[]>;
  /** The files of tests that the change edits. */
  edited: () => Promise<readonly string[]>;
}

/**
 * Limits the suite to the time that tests may take. If the whole suite takes longer before the change, the
 * tests that the change can affect replace it, because a gate that needs the whole suite could never hold. If files
 * that do not load keep the suite from running the tests that the change edits, these run alone. Otherwise, their old
 * tests would look new.
 */
export const suiteWithinTime = (ground: ProvingGround, { whole, affected, edited }: SuiteBefore): Suite => {
  let part: readonly string[] | null = null;
  let measured: Promise<TestReport> | null = null;
  const withEdited = async (report: TestReport): Promise<TestReport> => {
    if (report.outcome !== "load_error" && report.outcome !== "crashed") return report;
    const known = new Set([...report.tests, ...report.load_errors].map(({ file }) => file));
    const files = (await edited()).filter((file) => !known.has(file));
    if (files.length === 0) return report;
    await ground.prepare([]);
    const { tests } = await ground.runTests({ files, coverage: false });
    return { ...report, tests: [...report.tests, ...tests] };
  };
  const measure = async (): Promise<TestReport> => {
    const report = await whole();
    const files = report.outcome === "timed_out" ? await affected() : [];
    if (files.length === 0) return withEdited(report);
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

/** The files that have a text in this state. */
export const presentIn = async (
  read: (path: string) => Promise<string | null>,
  files: readonly string[],
): Promise<string[]> => {
  const texts = await Promise.all(files.map((path) => read(path)));
  return files.filter((_, at) => texts[at] !== null);
};
