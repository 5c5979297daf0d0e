import type { FileChange } from "../../../schemas/changes.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import type { ProvingGround } from "../../executions/execution-request.ts";

/**
 * Wraps a ground to ask the user about files that tests need but may not read, and runs the tests again when
 * the user opens one. Any test run can need this: a resumed run, or a new run that keeps stages of an earlier
 * one, does not measure the workspace again. Asks only about files that the workspace's own tests need, because an
 * agent could name any file in a test. Failing tests may also need a file without naming it, because many
 * programs ignore a missing one. It then asks about `closed`, the environment files that the copy lacks.
 */
export const askingForFiles = (
  ground: ProvingGround,
  closed: (report: TestReport) => readonly string[] = () => [],
): ProvingGround => {
  const refused = new Set<string>();
  let present: readonly FileChange[] = [];
  const isOwn = async (path: string): Promise<boolean> => {
    if (present.length === 0) return true;
    await ground.prepare([]);
    const { environment } = await ground.runTests({ files: null, coverage: false });
    await ground.prepare(present);
    return environment?.closed_file === path;
  };
  const lackingFile = (report: TestReport): string | undefined => {
    const named = report.environment?.closed_file;
    if (named !== undefined || present.length > 0) return named;
    return closed(report).find((path) => !refused.has(path));
  };
  const isOpened = async (report: TestReport): Promise<boolean> => {
    const path = lackingFile(report);
    if (path === undefined || refused.has(path)) return false;
    if ((await isOwn(path)) && (await ground.openFile?.(path, report.command.join(" "))) === true)
      return true;
    refused.add(path);
    return false;
  };
  const prepare = (changes: readonly FileChange[]): Promise<void> => {
    present = changes;
    return ground.prepare(changes);
  };
  return {
    ...ground,
    prepare,
    runTests: async (wanted) => {
      let report = await ground.runTests(wanted);
      while (await isOpened(report)) {
        await prepare(present);
        report = await ground.runTests(wanted);
      }
      return report;
    },
  };
};
