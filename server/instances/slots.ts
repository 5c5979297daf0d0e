import type { RuntimeType } from "../../schemas/agent.ts";
import { createHash } from "node:crypto";
import { mkdir, readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { privateFolder } from "../platform/user-folder.ts";

/** A folder for one private copy at a time; kept for the next instance on the same workspace. */
export interface Slot {
  /** The folder of the copy itself. */
  readonly copy: string;
  /** Whether an instance has used it before, so that a copy only needs to be refreshed. */
  readonly warm: boolean;
}

export interface Slots {
  /** A free slot for this workspace, a used one first. */
  take(workspace: string, runtime: RuntimeType): Promise<Slot>;
  /** Gives it back; a slot that may hold the work of a dying process is thrown away instead. */
  give(slot: Slot, reusable: boolean): Promise<void>;
  /** Whether a used slot is free. */
  hasWarm(workspace: string, runtime: RuntimeType): boolean;
  /** Resolves when every slot given back is free, or gone. */
  settled(): Promise<void>;
}

const workspaceName = (workspace: string, runtime: string): string =>
  `${createHash("sha256").update(workspace).digest("hex").slice(0, 16)}-${runtime.toLowerCase()}`;

/**
 * Removes what no instance has used for `days`, of every workspace below `folder`. A copy that cannot be
 * removed is reported and left where it is; the others are removed all the same.
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
 * Slots below `folder`, a cache folder outside of every workspace. `owner` keeps two state folders
 * that look at the same workspace apart. At most `keep` free slots of a workspace stay on disk.
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
    // Another take may have listed it meanwhile.
    const list = free.get(place) ?? names.map((name) => join(place, name)).filter((slot) => !taken.has(slot));
    free.set(place, list);
    return list;
  };

  const giveBack = async (slot: Slot, reusable: boolean): Promise<void> => {
    const path = join(slot.copy, "..");
    const list = free.get(join(path, "..")) ?? [];
    if (reusable && list.length < keep) {
      // At once, or several that come back together would each see room for one more.
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
      // Copies hold what the user's own files hold: no other user of the machine reads or writes them.
      privateFolder(folder);
      const place = base(workspace, runtime);
      const list = await known(place);
      const used = list.shift();
      if (used !== undefined) {
        taken.add(used);
        // A process that was killed may have left a slot half removed.
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
