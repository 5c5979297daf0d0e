import { createHash, randomUUID } from "node:crypto";
import { existsSync, readdirSync, realpathSync, renameSync, statSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../schemas/errors.ts";
import { privateUserFolder } from "../platform/user-folder.ts";
import type { Runtime, RuntimeOptions } from "../runtime/runtime.ts";
import { ReceivedFiles } from "../transfer/received-files.ts";
import { claimStateFolder } from "./state-stamp.ts";

/** Workspaces that one user can have on a server. */
const MOST_WORKSPACES = 50;
const DAY_MS = 86_400_000;

export interface UserWorkspacesOptions {
  /** As for the tenant's own runtime: its workspace says whose the others are. */
  tenant: Omit<RuntimeOptions, "received" | "audit" | "tenantId">;
  /** Of the tenant: they name the tenant in records, and log what is done in all of its workspaces. */
  shared: Pick<Runtime, "store" | "audit">;
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 32);

/** Prefix of the name of a folder that is being removed. */
const REMOVED = ".removed-";

/** The modification time of this file is the time when the workspace was last opened or closed. */
const stampOf = (folder: string): string => join(folder, "used");

/** Milliseconds since the epoch. A workspace of an earlier version has no such file; the time of its folder counts. */
const lastUse = (folder: string): number =>
  (statSync(stampOf(folder), { throwIfNoEntry: false }) ?? statSync(folder)).mtimeMs;

/** Names of the folders in a folder; other files there are not ours. */
const foldersIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

/**
 * The workspaces of a tenant whose files its users' clients send. Each copy and its state are in the
 * server's user folder, outside of the tenant's workspace.
 */
export class StoredWorkspaces {
  readonly #options: UserWorkspacesOptions;
  /** Folders of the open workspaces. */
  readonly #open = new Set<string>();

  constructor(options: UserWorkspacesOptions) {
    this.#options = options;
  }

  /**
   * Opens a workspace. Creates it if it does not exist.
   *
   * @param workspaceId UUID that the user's client made. Errors: `too_many_workspaces`, and those of
   * `createRuntime`.
   */
  async open(user: string, workspaceId: string): Promise<Runtime> {
    const ofUser = [...this.#names, digest(user)];
    const all = privateUserFolder(...ofUser);
    const isNew = !existsSync(join(all, workspaceId));
    const count = readdirSync(all).length;
    if (isNew && count >= MOST_WORKSPACES) throw fail("too_many_workspaces", { count });
    const folder = privateUserFolder(...ofUser, workspaceId);
    this.#use(folder);
    try {
      const runtime = await this.#runtimeOf(folder);
      return {
        ...runtime,
        close: async () => {
          await runtime.close().finally(() => {
            this.#leave(folder);
          });
        },
      };
    } catch (error) {
      this.#leave(folder);
      throw error;
    }
  }

  /**
   * Removes the workspaces that nobody has opened for this number of days; returns their number. A workspace with
   * a run in progress is open, so it is not removed.
   */
  async removeUnused(days: number, now: number): Promise<number> {
    const base = privateUserFolder(...this.#names);
    let count = 0;
    for (const user of foldersIn(base)) {
      // A server that ended during a removal leaves such folders.
      if (!user.startsWith(REMOVED))
        for (const id of foldersIn(join(base, user))) {
          const folder = join(base, user, id);
          if (this.#open.has(folder) || now - lastUse(folder) <= days * DAY_MS) continue;
          // Renamed first: if the user opens the workspace during the removal, a new one is created.
          renameSync(folder, join(base, `${REMOVED}${randomUUID()}`));
          count += 1;
        }
    }
    for (const name of foldersIn(base))
      if (name.startsWith(REMOVED)) await rm(join(base, name), { recursive: true, force: true });
    return count;
  }

  get #names(): string[] {
    return ["server", digest(realpathSync.native(this.#options.tenant.workspace))];
  }

  #use(folder: string): void {
    writeFileSync(stampOf(folder), "", { mode: 0o600 });
    this.#open.add(folder);
  }

  #leave(folder: string): void {
    this.#open.delete(folder);
    writeFileSync(stampOf(folder), "", { mode: 0o600 });
  }

  async #runtimeOf(folder: string): Promise<Runtime> {
    const { tenant, shared } = this.#options;
    const received = await ReceivedFiles.open(folder);
    const stateFolder = join(folder, "state");
    claimStateFolder(stateFolder, received.workspace);
    const { createRuntime } = await import("../runtime/runtime.ts");
    return createRuntime({
      ...tenant,
      ...{ workspace: received.workspace, stateFolder, received },
      ...{ tenantId: shared.store.tenantId, audit: shared.audit },
    });
  }
}
