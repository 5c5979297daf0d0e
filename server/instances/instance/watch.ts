import { readdir, lstat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { InstanceLimits, RemoteFiles, WorkerEnd, WorkerUsage } from "../drivers/driver.ts";

/** The cap that is passed, in words, or null. */
export const exceededLimit = (usage: WorkerUsage, limits: InstanceLimits): WorkerEnd | null => {
  // Processes first: many small ones share what memory they seem to take.
  if (usage.processes > limits.processes) {
    return { kind: "limit", how: `too many processes: ${usage.processes} of ${limits.processes}` };
  }
  if (usage.memory_mb > limits.memory_mb) {
    const how = `out of memory: ${usage.memory_mb} MB of ${limits.memory_mb} MB`;
    return { kind: "out_of_memory", how };
  }
  return null;
};

const REMOTE_LOOK_MS = 2000;

const overDisk = (used: number, limitMb: number): WorkerEnd | null =>
  used <= limitMb * 1024 ** 2
    ? null
    : { kind: "limit", how: `too much on disk: ${Math.round(used / 1024 ** 2)} MB of ${limitMb} MB` };

/** Bytes a folder takes on disk; what vanishes while it is counted counts for nothing. */
export const folderBytes = async (folder: string): Promise<number> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const sizes = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return folderBytes(path);
    const stats = await lstat(path).catch(() => null);
    return stats === null || stats.nlink > 1 ? 0 : stats.blocks * 512;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
};

/** Questions that the system has not answered yet, by the folder that holds the copies. */
const asking = new Map<string, Promise<number | null>>();

/** Of the disk of a private copy. Copies next to each other are on one disk, and share what is asked at once. */
const freeBytes = (copy: string): Promise<number | null> => {
  const place = dirname(copy);
  const known = asking.get(place);
  if (known !== undefined) return known;
  const asked = statfs(place)
    .then(
      ({ bavail, bsize }) => bavail * bsize,
      () => null,
    )
    .finally(() => asking.delete(place));
  asking.set(place, asked);
  return asked;
};

/** Watches what a private copy takes on disk. */
export interface DiskWatch {
  /** What it took when it was counted last; `null`: it was not counted yet. */
  readonly usedMb: number | null;
  /** Null: the cap is not passed. */
  look(): Promise<WorkerEnd | null>;
}

/**
 * Watches what a folder takes on disk, from now on, at the price of one system call: only when the
 * disk has lost a tenth of the cap since the last count is the folder counted again. What others
 * give back to the disk meanwhile is not set off against it.
 */
export const createDiskWatch = (folder: string, limitMb: number): DiskWatch => {
  const limit = limitMb * 1024 ** 2;
  let usedMb: number | null = null;
  // Taken before the first look: a disk can be filled faster than it is looked at.
  let mostFree = freeBytes(folder);
  const look = async (): Promise<WorkerEnd | null> => {
    const [before, free] = await Promise.all([mostFree, freeBytes(folder)]);
    if (free === null) return null;
    if (before !== null && before - free < limit / 10) {
      mostFree = Promise.resolve(Math.max(before, free));
      return null;
    }
    mostFree = Promise.resolve(free);
    const used = await folderBytes(folder);
    usedMb = used / 1024 ** 2;
    return overDisk(used, limitMb);
  };
  return {
    look,
    get usedMb() {
      return usedMb;
    },
  };
};

/** The same for a private copy elsewhere: whoever has to be asked is asked less often. */
export const createRemoteDiskWatch = (remote: RemoteFiles, limitMb: number): DiskWatch => {
  let lookedAt = performance.now();
  let usedMb: number | null = null;
  const look = async (): Promise<WorkerEnd | null> => {
    if (performance.now() - lookedAt < REMOTE_LOOK_MS) return null;
    const used = await remote.copyBytes();
    lookedAt = performance.now();
    usedMb = used / 1024 ** 2;
    return overDisk(used, limitMb);
  };
  return {
    look,
    get usedMb() {
      return usedMb;
    },
  };
};

/** Calls `look` every `interval` milliseconds, never twice at once, until the function it gives is called. */
export const every = (interval: number, look: () => Promise<void>): (() => void) => {
  let stopped = false;
  let timer: NodeJS.Timeout;
  const next = (): void => {
    timer = setTimeout(() => {
      void look().finally(() => {
        if (!stopped) next();
      });
    }, interval).unref();
  };
  next();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
};
