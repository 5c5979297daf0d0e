import { basename } from "node:path";
import { fail } from "../../schemas/errors.ts";
import type { FileChange } from "../../schemas/changes.ts";
import type { TestReport } from "../../schemas/tests.ts";
import { closedFilesInWords, closedTestFiles } from "../executions/closed-files.ts";
import type { ProvingGround, TestsWanted } from "../executions/execution-request.ts";

/** The judged change in the user's workspace. */
interface Judged {
  workspace: string;
  changes: readonly FileChange[];
  /** Paths of environment files that tests may read. */
  opened: readonly string[];
  /** Called with what the user must know about the tests. */
  notice: (message: string) => void;
}

/** Whether the probe makes tests fail on purpose. */
const isMadeToFail = ({ probe }: TestsWanted): boolean =>
  probe?.refuse_assertions === true || (probe?.mutant ?? null) !== null;

/**
 * Wraps the ground of a proof, so that it does not blame the change for what tests lack in the private copy. It
 * names environment files that failing tests may need. If the tests can run neither with the whole change nor
 * without it, it throws `tests_cannot_run`. A state without the change may lack a runner that the change adds, and
 * a change that breaks tests which ran before is at fault itself.
 */
export const tellingWhatTestsLack = (
  ground: ProvingGround,
  { workspace, changes, opened, notice }: Judged,
): ProvingGround => {
  let present: readonly FileChange[] = [];
  let ofWhole: Promise<TestReport> | null = null;
  let ofBase: Promise<TestReport> | null = null;
  const isWhole = (): boolean =>
    present.length === changes.length && present.every((change, index) => change === changes[index]);

  const measure = async (state: readonly FileChange[]): Promise<TestReport> => {
    await ground.prepare(state);
    const report = await ground.runTests({ files: null, coverage: false });
    await ground.prepare(present);
    return report;
  };
  const refuseBroken = async (report: TestReport): Promise<void> => {
    if (report.environment === undefined) return;
    const whole = isWhole() ? report : await (ofWhole ??= measure(changes));
    // The files that were asked for may not belong to the suite, so that it has no test and lacks nothing.
    const environment = whole.outcome === "no_tests" ? report.environment : whole.environment;
    if (environment === undefined) return;
    const base = present.length === 0 ? report : await (ofBase ??= measure([]));
    if (base.counts.passed > 0) return;
    const { problem, mend } = environment;
    throw fail("tests_cannot_run", { workspace: basename(workspace), problem, mend });
  };
  const nameFiles = (report: TestReport): void => {
    const paths = closedTestFiles(workspace, report, opened);
    if (paths.length === 0) return;
    const failing = isWhole() ? "Tests fail with the change" : "Tests fail without the change";
    notice(closedFilesInWords(failing, paths));
  };
  return {
    ...ground,
    prepare: (state) => {
      present = state;
      return ground.prepare(state);
    },
    runTests: async (wanted) => {
      const report = await ground.runTests(wanted);
      // A mutant may end the runner, and other mutants run in the same copy at this moment.
      if (isMadeToFail(wanted)) return report;
      await refuseBroken(report);
      // Other states have a part of the change, and then tests may have to fail.
      if (isWhole() || present.length === 0) nameFiles(report);
      return report;
    },
  };
};
