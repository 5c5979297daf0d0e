import type { RuntimeType } from "../../schemas/agent.ts";
import { createHash } from "node:crypto";
import { mkdir, readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { privateFolder } from "../platform/user-folder.ts";

/** A folder for one private copy. It is kept for the next instance on the same workspace. */
export interface Slot {
  /** The folder of the private copy. */
  readonly copy: string;
  /** Whether an instance has used it before, so that the copy only needs to be refreshed. */
  readonly warm: boolean;
}

export interface Slots {
  /** Takes a free slot for this workspace, preferably a used one. */
  take(workspace: string, runtime: RuntimeType): Promise<Slot>;
  /** Returns a slot. It is deleted if a dying process may still write to it (`reusable` is false). */
  give(slot: Slot, reusable: boolean): Promise<void>;
  /** Whether a used slot is free. */
  hasWarm(workspace: string, runtime: RuntimeType): boolean;
  /** Resolves when every returned slot is free or deleted. */
  settled(): Promise<void>;
}

const workspaceName = (workspace: string, runtime: string): string =>
  `${createHash("sha256").update(workspace).digest("hex").slice(0, 16)}-${runtime.toLowerCase()}`;

/**
 * Removes the copies below `folder` that no instance has used for `days`, for all workspaces. Reports a copy
 * that cannot be removed, and continues with the others.
 */
export const removeOldCopies = async (
  folder: string,
  days: number,
  now: number,
  onTrouble: (error: unknown) => void,
): Promise<void> => {
  const isRemoved = async (path: string): Promise<boolean> => {
    try {
      await rm(path, { recursive: true, force: true });
      return true;
    } catch (error) {
      onTrouble(error);
      return false;
    }
  };
  const workspaces = await readdir(folder).catch(() => []);
  for (const workspace of workspaces) {
    const inside = join(folder, workspace);
    const names = await readdir(inside).catch(() => []);
    let kept = 0;
    for (const name of names) {
      const used = await stat(join(inside, name)).catch(() => null);
      const isOld = used !== null && now - used.mtimeMs > days * 86_400_000;
      if (!isOld || !(await isRemoved(join(inside, name)))) kept += 1;
    }
    if (kept === 0) await isRemoved(inside);
  }
};

/**
 * Manages slots below `folder`, a cache folder outside all workspaces. `owner` separates state folders that
 * use the same workspace. At most `keep` free slots of a workspace stay on disk.
 */
export const createSlots = (folder: string, owner: string, keep: number): Slots => {
  const free = new Map<string, string[]>();
  const taken = new Set<string>();
  const givings = new Set<Promise<void>>();
  const base = (workspace: string, runtime: string): string =>
    join(folder, workspaceName(`${owner}\0${workspace}`, runtime));

  const known = async (place: string): Promise<string[]> => {
    const found = free.get(place);
    if (found !== undefined) return found;
    const names = await readdir(place).catch(() => []);
    // Another call may have listed it in the meantime.
    const list = free.get(place) ?? names.map((name) => join(place, name)).filter((slot) => !taken.has(slot));
    free.set(place, list);
    return list;
  };

  const giveBack = async (slot: Slot, reusable: boolean): Promise<void> => {
    const path = join(slot.copy, "..");
    const list = free.get(join(path, "..")) ?? [];
    if (reusable && list.length < keep) {
      // This happens at once. Otherwise, several slots that return together would each find room for one more.
      taken.delete(path);
      list.unshift(path);
      await utimes(path, new Date(), new Date()).catch(() => undefined);
      return;
    }
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
    taken.delete(path);
  };

  return {
    take: async (workspace, runtime) => {
      // Copies contain the user's files, so no other user of the machine may read or write them.
      privateFolder(folder);
      const place = base(workspace, runtime);
      const list = await known(place);
      const used = list.shift();
      if (used !== undefined) {
        taken.add(used);
        // A process that was killed may have deleted only a part of the slot.
        await mkdir(join(used, "copy"), { recursive: true, mode: 0o700 });
        return { copy: join(used, "copy"), warm: true };
      }
      let number = 0;
      while (taken.has(join(place, String(number)))) number += 1;
      const fresh = join(place, String(number));
      taken.add(fresh);
      await mkdir(join(fresh, "copy"), { recursive: true, mode: 0o700 });
      return { copy: join(fresh, "copy"), warm: false };
    },
    give: (slot, reusable) => {
      const giving = giveBack(slot, reusable).finally(() => givings.delete(giving));
      givings.add(giving);
      return giving;
    },
    settled: async () => {
      await Promise.allSettled(givings);
    },
    hasWarm: (workspace, runtime) => (free.get(base(workspace, runtime))?.length ?? 0) > 0,
  };
};
