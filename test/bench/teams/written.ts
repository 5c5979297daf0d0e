import { open, type FileHandle } from "node:fs/promises";

/** Bytes that were handed to the system to be written to files. */
export interface Written {
  all: number;
  /** Zeros: room for what comes next. */
  room: number;
}

type Write = (this: FileHandle, first: unknown, ...others: unknown[]) => unknown;

/**
 * Counts from now on what this process writes through file handles, which is all that the runtime keeps;
 * what goes to the model and to workers does not go through them.
 */
export const countWritten = async (): Promise<Written> => {
  const written: Written = { all: 0, room: 0 };
  const count = (part: unknown): void => {
    const bytes = part instanceof Uint8Array ? part : Buffer.from(String(part));
    written.all += bytes.length;
    // No text begins with a zero.
    if (bytes[0] === 0) written.room += bytes.length;
  };
  const handle = await open(process.execPath);
  const shared = Object.getPrototypeOf(handle) as Record<string, Write>; // These three are methods of it.
  await handle.close();
  for (const name of ["write", "writev", "writeFile"]) {
    const original = shared[name];
    if (original === undefined) throw new Error(`file handles have no ${name}`);
    shared[name] = function (first, ...others) {
      for (const part of [first].flat()) count(part);
      return original.call(this, first, ...others);
    };
  }
  return written;
};
