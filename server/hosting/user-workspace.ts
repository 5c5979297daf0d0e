import { createHash } from "node:crypto";
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { fail } from "../../schemas/errors.ts";
import { privateUserFolder } from "../platform/user-folder.ts";
import type { Runtime, RuntimeOptions } from "../runtime/runtime.ts";
import { ReceivedFiles } from "../transfer/received-files.ts";
import { claimStateFolder } from "./state-stamp.ts";

/** Workspaces that one user can have on a server. */
const MOST_WORKSPACES = 50;

export interface UserWorkspaceOptions {
  /** As for the tenant's own runtime: its workspace says whose the others are. */
  tenant: Omit<RuntimeOptions, "received" | "audit" | "tenantId">;
  /** Of the tenant: they name the tenant in records, and log what is done in all of its workspaces. */
  shared: Pick<Runtime, "store" | "audit">;
  user: string;
  /** UUID that the user's client made. */
  workspaceId: string;
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 32);

/**
 * A runtime over the copy of a workspace whose files a user's client sends. The copy and its state are in
 * the server's user folder, outside of the tenant's workspace. Errors: `too_many_workspaces`, and those of
 * `createRuntime`.
 */
export const openUserWorkspace = async ({
  tenant,
  shared,
  user,
  workspaceId,
}: UserWorkspaceOptions): Promise<Runtime> => {
  const ofUser = ["server", digest(realpathSync.native(tenant.workspace)), digest(user)];
  const all = privateUserFolder(...ofUser);
  const isNew = !existsSync(join(all, workspaceId));
  const count = readdirSync(all).length;
  if (isNew && count >= MOST_WORKSPACES) throw fail("too_many_workspaces", { count });
  const folder = privateUserFolder(...ofUser, workspaceId);
  const received = new ReceivedFiles(folder);
  const stateFolder = join(folder, "state");
  claimStateFolder(stateFolder, received.workspace);
  const { createRuntime } = await import("../runtime/runtime.ts");
  return createRuntime({
    ...tenant,
    ...{ workspace: received.workspace, stateFolder, received },
    ...{ tenantId: shared.store.tenantId, audit: shared.audit },
  });
};
