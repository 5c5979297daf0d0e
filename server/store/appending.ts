import { constants, type FileHandle } from "node:fs/promises";
import type { Files } from "./files.ts";
import { writeAll } from "./state-file.ts";

/** `fsync`: acknowledged is on the disk. `os`: acknowledged survives the process, not the machine. */
export type Durability = "fsync" | "os";

/** A file that is only appended to, kept open between two writes. */
export interface AppendFile {
  /** Resolves when all of it is durable. One call after the other. */
  append(parts: readonly Uint8Array[]): Promise<void>;
  /** Cuts the file off after that many bytes. */
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens a file, or creates it. */
export const openToAppend = async (
  files: Files,
  path: string,
  durability: Durability,
): Promise<AppendFile> => {
  const { handle, syncs } = await openDurable(
    files,
    path,
    durability,
    constants.O_APPEND | constants.O_CREAT,
  );
  return {
    append: async (parts) => {
      await writeAll(handle, parts);
      if (syncs) await handle.sync();
    },
    truncate: (bytes) => handle.truncate(bytes),
    close: () => handle.close(),
  };
};

/**
 * Creates a file, which must not be there yet. What is appended goes into room that was written
 * before, as zeros: such a write changes nothing of the file system's own, so it need not wait for
 * the file system's journal and for what others write there. That halves the time, and fewer bytes
 * reach the disk. A reader takes the zeros after the last line for its end.
 */
export const createWithRoom = async (
  files: Files,
  path: string,
  durability: Durability,
): Promise<AppendFile> => {
  const { handle, syncs } = await openDurable(files, path, durability, constants.O_CREAT | constants.O_EXCL);
  let end = 0;
  let room = 0;
  return {
    append: async (parts) => {
      const next = parts.reduce((sum, part) => sum + part.length, end);
      const zeros = next <= room || durability === "os" ? NO_ROOM : roomBehind(next, next - end);
      await writeAll(handle, [...parts, zeros], end);
      if (syncs) await handle.sync();
      end = next;
      room = Math.max(room, next + zeros.length);
    },
    truncate: (bytes) => handle.truncate(bytes),
    close: () => handle.close(),
  };
};

const MOST_ROOM = Buffer.alloc(1 << 20);
const NO_ROOM = MOST_ROOM.subarray(0, 0);
const LEAST_ROOM = 8 * 1024;
/** Share of a file that is allocated ahead: a larger one wastes writes, a smaller one makes more commits wait. */
const ROOM_SHARE = 1 / 4;
/** What is this large is many commits, which share the wait for the file system. */
const LARGE = 64 * 1024;

/** Room in growing steps: a short file, such as the journal of one run, has little of it. */
const roomBehind = (end: number, length: number): Buffer =>
  length > LARGE ? NO_ROOM : MOST_ROOM.subarray(0, Math.max(LEAST_ROOM, end * ROOM_SHARE));

const openDurable = async (
  files: Files,
  path: string,
  durability: Durability,
  flags: number,
): Promise<{ handle: FileHandle; syncs: boolean }> => {
  const isDurable = durability === "fsync";
  // macOS alone ignores O_DSYNC for the drive's own cache; its fsync does not.
  const syncs = isDurable && process.platform === "darwin";
  const sync = isDurable && !syncs ? constants.O_DSYNC : 0;
  return { handle: await files.open(path, constants.O_WRONLY | sync | flags, 0o600), syncs };
};
