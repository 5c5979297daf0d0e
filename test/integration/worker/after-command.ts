import type { WriteAccess } from "../../../schemas/gates.ts";
import { adoptChanges, collectChanges, type CollectedChanges } from "../../../server/worker/copy/changes.ts";
import type { PrivateCopy } from "../../../server/worker/copy/copy.ts";

/** The change set once everything on disk was done by a command of the agent, and what was put back. */
export const afterCommand = async (
  copy: PrivateCopy,
  access: WriteAccess,
  signal: AbortSignal,
): Promise<CollectedChanges> => {
  const { put_back } = await adoptChanges(copy, access, signal);
  const { changes } = await collectChanges(copy, access, signal);
  return { changes, put_back };
};
