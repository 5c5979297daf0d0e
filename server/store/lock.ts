import { randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { fail } from "../../schemas/errors.ts";
import { dropNewStates, errnoOf, fileNames, ifThere, nodeFiles, type Files } from "./files.ts";

/** The content of the lock file: the owner of the state folder. Its address is kept outside the workspace. */
export const LockContent = z.object({
  pid: z.int().positive(),
  /** Distinguishes two processes with the same pid; empty if the system does not report it. */
  process_start: z.string(),
  started_at: z.string(),
  /** Increases with every owner, so that later writes of an earlier owner do not count. */
  epoch: z.int().positive(),
});
export type LockContent = z.infer<typeof LockContent>;

/** Ownership of a state folder. */
export interface Lock {
  readonly epoch: number;
  /** Throws if another process took the folder over, or the folder is gone. */
  check(): void;
  release(): Promise<void>;
}

const HEARTBEAT_MS = 1000;
/** An owner whose process lives but gives no sign of life for this long counts as suspended. */
export const STALE_MS = 10_000;

/** The start time of a process in the kernel's units; empty if there is no /proc. */
const processStart = (pid: number): string => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
};

const isAlive = ({ pid, process_start }: LockContent): boolean => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errnoOf(error) === "ESRCH") return false;
  }
  const start = processStart(pid);
  return start === "" || process_start === "" || start === process_start;
};

const readContent = async (files: Files, folder: string): Promise<LockContent | null> => {
  const text = await ifThere(files.readFile(join(folder, fileNames.lock), "utf8"));
  if (text === null) return null;
  try {
    return LockContent.parse(JSON.parse(text));
  } catch {
    // A lock is always written completely, so this one has no owner.
    return null;
  }
};

/** The owner of a state folder; null if it has none. */
export const readLock = async (folder: string): Promise<LockContent | null> => {
  const content = await readContent(nodeFiles, folder);
  return content !== null && isAlive(content) ? content : null;
};

export interface LockRequest {
  files: Files;
  folder: string;
  staleAfter: number;
  signal: AbortSignal | undefined;
}

/** Replaces a lock if the disk refuses to write one. Then nothing may be written at all. */
export const noLock: Lock = {
  epoch: 0,
  check: () => {
    throw fail("state_read_only", { reason: "the folder could not be locked" });
  },
  release: () => Promise.resolve(),
};

/** Takes the folder, if its owner is gone or suspended; else throws `state_locked`. */
export const acquireLock = async (request: LockRequest): Promise<Lock> => {
  const { files, folder, signal } = request;
  for (;;) {
    const owner = await readContent(files, folder);
    if (owner !== null && isAlive(owner)) await awaitSuspended(request, owner.pid);
    const markers = await listMarkers(files, folder);
    const latest = markers.at(-1) ?? 0;
    if (latest > (owner?.epoch ?? 0) && (await isBeingPublished(files, folder, latest))) {
      await wait(PUBLISH_POLL_MS, undefined, { signal });
      continue;
    }
    const epoch = Math.max(owner?.epoch ?? 0, latest) + 1;
    // The process that creates the marker is the one that takes over.
    const marker = await ifAbsent(files.open(join(folder, markerName(epoch)), "wx", 0o600));
    if (marker === null) continue;
    await marker.close();
    const lock = await publish(request, epoch);
    try {
      await dropNewStates(files, folder);
      await Promise.all(markers.map((each) => files.rm(join(folder, markerName(each)), { force: true })));
      return lock;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }
};

/** Whether another process won the folder a moment ago and is about to write the lock. */
const isBeingPublished = async (files: Files, folder: string, epoch: number): Promise<boolean> => {
  const marker = await ifThere(files.stat(join(folder, markerName(epoch))));
  return marker !== null && Math.abs(Date.now() - marker.mtimeMs) < PUBLISH_MS;
};
const PUBLISH_MS = 2000;
const PUBLISH_POLL_MS = 20;

const markerName = (epoch: number): string => `${fileNames.lock}.${epoch}`;

const listMarkers = async (files: Files, folder: string): Promise<number[]> =>
  (await files.readdir(folder))
    .flatMap((name) => /^lock\.(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((left, right) => left - right);

const ifAbsent = async (opening: Promise<FileHandle>): Promise<FileHandle | null> => {
  try {
    return await opening;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return null;
    throw error;
  }
};

/** Returns when the owner showed no sign of life; throws `state_locked` as soon as it does. */
const awaitSuspended = async (request: LockRequest, pid: number): Promise<void> => {
  const { files, folder, staleAfter, signal } = request;
  const path = join(folder, fileNames.lock);
  const locked = fail("state_locked", { path: `${basename(dirname(folder))}/${basename(folder)}`, pid });
  const seen = await ifThere(files.stat(path));
  if (seen === null) return;
  if (Date.now() - seen.mtimeMs < staleAfter) throw locked;
  // The clock may have jumped, or both processes may have slept, so only what is observed now counts.
  const until = performance.now() + staleAfter;
  while (performance.now() < until) {
    await wait(Math.min(staleAfter / 5, HEARTBEAT_MS), undefined, { signal });
    const now = await ifThere(files.stat(path));
    if (now?.mtimeMs !== seen.mtimeMs) throw locked;
  }
};

const publish = async ({ files, folder }: LockRequest, epoch: number): Promise<Lock> => {
  const path = join(folder, fileNames.lock);
  const content: LockContent = {
    pid: process.pid,
    process_start: processStart(process.pid),
    started_at: new Date().toISOString(),
    epoch,
  };
  const temporary = `${path}.${epoch}.${randomBytes(4).toString("hex")}`;
  const handle = await files.open(temporary, "wx", 0o600);
  let inode: number;
  try {
    await handle.writeFile(`${JSON.stringify(content)}\n`);
    inode = (await handle.stat()).ino;
    await files.rename(temporary, path);
  } catch (error) {
    await handle.close();
    throw error;
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    handle.utimes(now, now).catch(() => {
      // The next write finds out why, and reports it.
    });
  }, HEARTBEAT_MS);
  heartbeat.unref();

  // The handle stays open, so that no other file can get this inode during the comparison.
  const isOurs = (): boolean => statSync(path, { throwIfNoEntry: false })?.ino === inode;
  return {
    epoch,
    check: () => {
      if (isOurs()) return;
      throw fail("state_read_only", { reason: "another process has taken it over, or it was removed" });
    },
    release: async () => {
      clearInterval(heartbeat);
      try {
        if (!isOurs()) return;
        // The marker stays, so that epochs keep rising, but must not look like a fresh win.
        await files.utimes(join(folder, markerName(epoch)), 0, 0);
        await files.rm(path, { force: true });
      } finally {
        await handle.close();
      }
    },
  };
};
