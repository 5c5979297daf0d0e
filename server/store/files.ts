import * as fs from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";

/** The calls to the file system that the store makes. Tests replace them by a failing disk. */
export type Files = Pick<
  typeof fs,
  | "chmod"
  | "copyFile"
  | "link"
  | "mkdir"
  | "open"
  | "readdir"
  | "readFile"
  | "rename"
  | "rm"
  | "stat"
  | "utimes"
>;
export const nodeFiles: Files = fs;

const NEW_STATE = "state.json.new.";

/** Names inside a state folder. */
export const fileNames = {
  state: "state.json",
  /** The file with which an owner is about to replace the state file. Each owner has its own. */
  newState: (epoch: number): string => `${NEW_STATE}${epoch}`,
  backup: "state.backup.json",
  lock: "lock",
  /** The id of the tenant whose state this is. */
  tenant: "tenant",
  transcripts: "transcripts",
  objects: "objects",
  segment: (number: number): string => `journal.${String(number).padStart(6, "0")}.log`,
} as const;

/**
 * Removes the files with which former owners were about to replace the state file. An owner that was
 * suspended before its rename then finds nothing to rename when it wakes up.
 */
export const dropNewStates = async (files: Files, folder: string): Promise<void> => {
  for (const name of await files.readdir(folder))
    if (name.startsWith(NEW_STATE)) await files.rm(join(folder, name), { force: true });
};

/** Numbers of the journal's segments in a folder, in order. */
export const listSegments = async (files: Files, folder: string): Promise<number[]> =>
  ((await ifThere(files.readdir(folder))) ?? [])
    .flatMap((name) => /^journal\.(\d+)\.log$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((left, right) => left - right);

export const errnoOf = (error: unknown): string | null =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EIO: "the disk reports an error",
  EROFS: "the file system is read-only",
  EACCES: "permission was denied",
  EPERM: "permission was denied",
};

/** Whether the disk refuses writes, so that reading may still work. */
export const isRefusal = (error: unknown): boolean => (errnoOf(error) ?? "") in reasons;

/** A description of an error, without paths of this machine. */
export const reasonOf = (error: unknown): string => {
  const errno = errnoOf(error);
  if (errno !== null) return reasons[errno] ?? errno;
  return error instanceof Error ? error.message : String(error);
};

/** The result, or null if there is no such file. */
export const ifThere = async <Result>(work: Promise<Result>): Promise<Result | null> => {
  try {
    return await work;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
};

/** Makes created, renamed and removed names of a folder durable. */
export const syncFolder = async (files: Files, folder: string): Promise<void> => {
  // Windows cannot open a folder, but makes its names durable by itself.
  if (process.platform === "win32") return;
  const handle = await files.open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Complete lines of a file, in their own memory. */
export interface Chunk {
  bytes: Buffer;
  /** Its position in the file. */
  offset: number;
}

const CHUNK = 1 << 20;
/** A state file has one checksum for each piece of this many bytes, so that damage can be located. */
export const PIECE = 1 << 20;

/**
 * Reads a file from its beginning up to `to`, in chunks that end with a newline. Only the last chunk may end
 * without one. Calls `onPiece` with the checksum of every {@link PIECE}.
 */
export async function* readChunks(
  files: Files,
  path: string,
  { to = Infinity, onPiece }: { to?: number; onPiece?: (index: number, checksum: number) => void } = {},
): AsyncGenerator<Chunk> {
  const handle = await files.open(path, "r");
  try {
    const size = Math.min((await handle.stat()).size, to);
    let offset = 0;
    let position = 0;
    let carry: Buffer = Buffer.alloc(0);
    while (position < size) {
      const length = Math.min(CHUNK, size - position);
      const bytes = Buffer.allocUnsafeSlow(carry.length + length);
      carry.copy(bytes);
      let filled = carry.length;
      while (filled < bytes.length) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, position);
        if (bytesRead === 0) throw new Error(`the file became shorter while it was read: ${path}`);
        filled += bytesRead;
        position += bytesRead;
      }
      // CHUNK and PIECE are the same, so each read is one piece.
      onPiece?.(Math.ceil(position / PIECE) - 1, crc32(bytes.subarray(carry.length)));
      const end = position < size ? bytes.lastIndexOf(10) + 1 : bytes.length;
      if (end > 0) yield { bytes: bytes.subarray(0, end), offset };
      offset += end;
      carry = bytes.subarray(end);
    }
  } finally {
    await handle.close();
  }
}

/** How long work may use the processor before it yields. Garbage collection is not included. */
const TURN_MILLISECONDS = 2;

/** Yields to other work of the process when this work has used the processor for too long. */
export const makeYield = (): (() => Promise<void> | undefined) => {
  let since = performance.now();
  return () => {
    if (performance.now() - since < TURN_MILLISECONDS) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        since = performance.now();
        resolve();
      });
    });
  };
};
