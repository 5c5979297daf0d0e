import { readdir, lstat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { InstanceLimits, RemoteFiles, WorkerEnd, WorkerUsage } from "../drivers/driver.ts";

/** The cap that the worker exceeds; null if it exceeds none. */
export const exceededLimit = (usage: WorkerUsage, limits: InstanceLimits): WorkerEnd | null => {
  // Processes are checked first: many small ones share memory, which is then counted more than once.
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

/** Bytes that a folder takes on disk. Files that vanish in the meantime do not count. */
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

/** Pending calls of `statfs`, by the folder of the copies. */
const asking = new Map<string, Promise<number | null>>();

/**
 * Free bytes on the disk of a private copy; null if unknown. Copies in the same folder share the disk, and
 * calls at the same time share one result.
 */
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

/** Measures what a private copy takes on disk, and compares it with its cap. */
export interface DiskWatch {
  /** The last measured size; null if it was not measured yet. */
  readonly usedMb: number | null;
  /** Resolves with the exceeded cap, or null. */
  look(): Promise<WorkerEnd | null>;
}

/**
 * Watches what a folder takes on disk from now on. A look costs one system call: the folder is only counted
 * again when the disk has a tenth of the cap less free space than the most since the last count. Space that
 * other programs free therefore does not hide later growth.
 */
export const createDiskWatch = (folder: string, limitMb: number): DiskWatch => {
  const limit = limitMb * 1024 ** 2;
  let usedMb: number | null = null;
  // This is measured before the first look, because a worker can fill the disk before that.
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

/** The same for a private copy on another machine, which is measured less often. */
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

/** Calls `look` every `interval` milliseconds, never twice at the same time. Returns a function that stops it. */
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
