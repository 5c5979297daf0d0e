import { constants, type FileHandle } from "node:fs/promises";
import type { Files } from "./files.ts";
import { writeAll } from "./state-file.ts";

/** `fsync`: acknowledged is on the disk. `os`: acknowledged survives the process, not the machine. */
export type Durability = "fsync" | "os";

/** A file that is only appended to, kept open between two writes. */
export interface AppendFile {
  /** Resolves when all of it is durable. One call after the other. */
  append(parts: readonly Uint8Array[]): Promise<void>;
  /** Cuts off what stands behind that many bytes. */
  truncate(bytes: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens a file, or creates it; `flags` are added to those it needs. */
export const openToAppend = async (
  files: Files,
  path: string,
  durability: Durability,
  flags = 0,
): Promise<AppendFile> => {
  const isDurable = durability === "fsync";
  // macOS alone ignores O_DSYNC for the drive's own cache; its fsync does not.
  const syncs = isDurable && process.platform === "darwin";
  const sync = isDurable && !syncs ? constants.O_DSYNC : 0;
  const all = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | sync | flags;
  const handle: FileHandle = await files.open(path, all, 0o600);
  return {
    append: async (parts) => {
      await writeAll(handle, parts);
      if (syncs) await handle.sync();
    },
    truncate: (bytes) => handle.truncate(bytes),
    close: () => handle.close(),
  };
};
