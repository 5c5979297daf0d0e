import { constants, type FileHandle } from "node:fs/promises";
import type { Files } from "./files.ts";
import { writeAll } from "./state-file.ts";

/** `fsync`: acknowledged data is on the disk. `os`: it survives the process, but not the machine. */
export type Durability = "fsync" | "os";

/** A file that is only appended to, and that stays open between two writes. */
export interface AppendFile {
  /** Resolves when all bytes are durable. Only one call at a time. */
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
 * Creates a file, which must not exist yet. Appended data goes into room that was written as zeros before.
 * Such a write does not change metadata of the file system, so it does not wait for the file system's journal
 * and for the writes of others there. This halves the time, and fewer bytes reach the disk. A reader takes
 * the zeros after the last line for the end.
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
/** The share of a file that is allocated ahead. More wastes writes, less makes more commits wait. */
const ROOM_SHARE = 1 / 4;
/** A write of this size contains many commits, which share the wait for the file system. */
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
  // Only macOS ignores O_DSYNC for the drive's own cache. Its fsync does not.
  const syncs = isDurable && process.platform === "darwin";
  const sync = isDurable && !syncs ? constants.O_DSYNC : 0;
  return { handle: await files.open(path, constants.O_WRONLY | sync | flags, 0o600), syncs };
};
