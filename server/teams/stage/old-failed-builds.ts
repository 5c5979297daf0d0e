import type { FileChange } from "../../../schemas/changes.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import type { ProvingGround } from "../../executions/execution-request.ts";

/**
 * Wraps a ground to remove the errors of builds that also fail without the change. The user's workspace has
 * its own build output, so a build is tried there only when it failed with a change, and only once.
 */
export const forgivingOldBuilds = (ground: ProvingGround): ProvingGround => {
  /** By the folder of the package: whether its build fails without the change. */
  const known = new Map<string, boolean>();
  let present: readonly FileChange[] = [];
  const prepare = (changes: readonly FileChange[]): Promise<void> => {
    present = changes;
    return ground.prepare(changes);
  };
  const tryWithoutChange = async (folders: readonly string[]): Promise<void> => {
    const touched = present.map(({ path }) => path);
    await ground.prepare([]);
    const { errors } = await ground.runTests({ files: null, coverage: false, touched, builds_only: true });
    await ground.prepare(present);
    for (const folder of folders)
      known.set(
        folder,
        errors.some(({ build }) => build === folder),
      );
  };
  const isOld = ({ build }: TestReport["errors"][number]): boolean =>
    build !== undefined && known.get(build) === true;
  return {
    ...ground,
    prepare,
    runTests: async (wanted) => {
      const report = await ground.runTests(wanted);
      const failed = report.errors.flatMap(({ build }) =>
        build === undefined || known.has(build) ? [] : [build],
      );
      if (failed.length > 0 && present.length > 0) await tryWithoutChange(failed);
      return { ...report, errors: report.errors.filter((error) => !isOld(error)) };
    },
  };
};
