import { createHash, randomUUID } from "node:crypto";
import {
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { fail } from "../../schemas/errors.ts";
import { Count } from "../../schemas/primitives.ts";
import type { KeptUse } from "../gateway/tenant-use.ts";
import type { Log } from "../platform/log.ts";
import { privateUserFolder } from "../platform/user-folder.ts";
import type { Runtime, RuntimeOptions } from "../runtime/runtime.ts";
import { ReceivedFiles } from "../transfer/received-files.ts";
import { claimStateFolder } from "./state-stamp.ts";

/** Workspaces that one user can have on a server. */
const MOST_WORKSPACES = 50;
const DAY_MS = 86_400_000;
/** After a server was killed, many workspaces can be open. Each one that is opened again reads its whole state. */
const REOPENED_AT_ONCE = 4;

export interface UserWorkspacesOptions {
  /** As for the tenant's own runtime: its workspace says whose the others are. */
  tenant: Omit<RuntimeOptions, "received" | "audit" | "tenantId" | "share">;
  /**
   * Of the tenant: they name the tenant in records, log what is done in all of its workspaces, and apply its limits
   * to all of them together.
   */
  shared: Pick<Runtime, "store" | "audit" | "share">;
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 32);

/** Prefix of the name of a folder that is being removed. */
const REMOVED = ".removed-";

/**
 * The modification time of this file is the time when the workspace was last opened or closed. It is empty while the
 * workspace is open. Then it says what was used on that day.
 */
const stampOf = (folder: string): string => join(folder, "used");

const Kept = z.strictObject({
  day: z.iso.date(),
  amount: z.strictObject({ tokens: Count, microcents: Count }),
});

/** Null: it was not closed, because its server was killed, or it is of an earlier version. */
const keptIn = (folder: string): KeptUse | null => {
  try {
    return Kept.parse(JSON.parse(readFileSync(stampOf(folder), "utf8")));
  } catch {
    return null;
  }
};

/** Waits for the end of all, also if one fails. Error: the first one. */
const settled = async (works: readonly Promise<void>[]): Promise<void> => {
  await Promise.allSettled(works);
  await Promise.all(works);
};

const stateOf = (folder: string): string => join(folder, "state");

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
   * Counts what workspaces used today under an earlier server. One that this server's predecessor did not close is
   * opened for this, because its state says what its last runs used. Call this before anyone opens a workspace.
   * Error: `cancelled`.
   */
  async recall(now: number, log: Log, signal: AbortSignal): Promise<void> {
    const unclosed: string[] = [];
    for (const folder of this.#all()) {
      const kept = keptIn(folder);
      if (kept !== null) this.#options.shared.share.use.recall(stateOf(folder), kept);
      else if (now - lastUse(folder) < 2 * DAY_MS) unclosed.push(folder);
    }
    const rest = unclosed.values();
    const reopenRest = async (): Promise<void> => {
      for (const folder of rest) {
        if (signal.aborted) throw fail("cancelled", { what: "The start of the server" });
        await this.#reopen(folder).catch((error: unknown) => {
          log("error", "What a workspace used today is unknown", { folder, error: String(error) });
        });
      }
    };
    await settled(Array.from({ length: REOPENED_AT_ONCE }, reopenRest));
  }

  /**
   * Removes the workspaces that nobody has opened for this number of days; returns their number. A workspace with
   * a run in progress is open, so it is not removed.
   */
  async removeUnused(days: number, now: number): Promise<number> {
    const base = privateUserFolder(...this.#names);
    let count = 0;
    for (const folder of this.#all()) {
      if (this.#open.has(folder) || now - lastUse(folder) <= days * DAY_MS) continue;
      // Renamed first: if the user opens the workspace during the removal, a new one is created.
      renameSync(folder, join(base, `${REMOVED}${randomUUID()}`));
      count += 1;
    }
    for (const name of foldersIn(base))
      if (name.startsWith(REMOVED)) await rm(join(base, name), { recursive: true, force: true });
    return count;
  }

  get #names(): string[] {
    return ["server", digest(realpathSync.native(this.#options.tenant.workspace))];
  }

  *#all(): Generator<string> {
    const base = privateUserFolder(...this.#names);
    for (const user of foldersIn(base)) {
      // A server that ended during a removal leaves such folders.
      if (user.startsWith(REMOVED)) continue;
      for (const id of foldersIn(join(base, user))) yield join(base, user, id);
    }
  }

  #use(folder: string): void {
    writeFileSync(stampOf(folder), "", { mode: 0o600 });
    this.#open.add(folder);
  }

  #leave(folder: string): void {
    this.#open.delete(folder);
    const kept = this.#options.shared.share.use.kept(stateOf(folder));
    writeFileSync(stampOf(folder), kept === null ? "" : JSON.stringify(kept), { mode: 0o600 });
  }

  async #reopen(folder: string): Promise<void> {
    await (await this.#runtimeOf(folder)).close();
    this.#leave(folder);
  }

  async #runtimeOf(folder: string): Promise<Runtime> {
    const { tenant, shared } = this.#options;
    const received = await ReceivedFiles.open(folder);
    const stateFolder = stateOf(folder);
    claimStateFolder(stateFolder, received.workspace);
    const { createRuntime } = await import("../runtime/runtime.ts");
    return createRuntime({
      ...tenant,
      ...{ workspace: received.workspace, stateFolder, received },
      ...{ tenantId: shared.store.tenantId, audit: shared.audit, share: shared.share },
    });
  }
}
