import type { FileChange } from "../../../schemas/changes.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import type { ProvingGround } from "../../executions/execution-request.ts";

/**
 * The same ground, which asks the user about a file that tests need and may not read, and runs them again once
 * the user has opened it. Any run may need it: a run that resumes, or a new one that keeps stages of an earlier
 * one, does not measure the workspace again. What the workspace's own tests do not need, nobody is asked for: an
 * agent could name any file in a test.
 */
export const askingForFiles = (ground: ProvingGround): ProvingGround => {
  const refused = new Set<string>();
  let present: readonly FileChange[] = [];
  const isOwn = async (path: string): Promise<boolean> => {
    if (present.length === 0) return true;
    await ground.prepare([]);
    const { environment } = await ground.runTests({ files: null, coverage: false });
    await ground.prepare(present);
    return environment?.closed_file === path;
  };
  const isOpened = async ({ environment, command }: TestReport): Promise<boolean> => {
    const path = environment?.closed_file;
    if (path === undefined || refused.has(path)) return false;
    if ((await isOwn(path)) && (await ground.openFile?.(path, command.join(" "))) === true) return true;
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
