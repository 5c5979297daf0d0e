import { crc32 } from "node:zlib";
import { join } from "node:path";
import type { FileHandle } from "node:fs/promises";
import { fail } from "../../schemas/errors.ts";
import { fileNames, makeYield, PIECE, readChunks, type Chunk, type Files } from "./files.ts";
import type { StateSeal } from "./journal-format.ts";

/**
 * The state file is one JSON object. Each line has one key with its value and nothing else, so that the file can
 * be read and written without ever being one string.
 */
const OPENING = "{\n";
const CLOSING = "\n}\n";
const NEWLINE = 10;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BRACE = 0x7d;

export type StateLine = (key: string, chunk: Chunk, start: number, length: number) => Promise<void> | void;

/** Reads a state file line by line. Throws `state_damaged` if a line is not one of ours. */
export const readState = async (
  files: Files,
  folder: string,
  name: string,
  visit: StateLine,
): Promise<StateSeal> => {
  const seal: StateSeal = { bytes: 0, pieces: [] };
  const turn = makeYield();
  let number = 0;
  let isClosed = false;
  const damaged = () =>
    fail("state_damaged", { file: name, place: `line ${number}`, backup: fileNames.backup });
  const onPiece = (index: number, checksum: number) => {
    seal.pieces[index] = checksum;
  };
  for await (const chunk of readChunks(files, join(folder, name), { onPiece })) {
    const { bytes } = chunk;
    seal.bytes = chunk.offset + bytes.length;
    for (let position = 0; position < bytes.length;) {
      number += 1;
      const newline = bytes.indexOf(NEWLINE, position);
      if (newline === -1 || isClosed) throw damaged();
      const first = bytes[position];
      if (first === QUOTE) {
        const keyEnd = bytes.indexOf(QUOTE, position + 1);
        const end = bytes[newline - 1] === COMMA ? newline - 1 : newline;
        if (keyEnd === -1 || keyEnd + 2 >= end) throw damaged();
        const visited = visit(
          bytes.toString("utf8", position + 1, keyEnd),
          chunk,
          keyEnd + 2,
          end - keyEnd - 2,
        );
        if (visited !== undefined) await visited;
      } else if (first === BRACE) isClosed = true;
      else if (number !== 1) throw damaged();
      position = newline + 1;
      const pause = turn();
      if (pause !== undefined) await pause;
    }
  }
  if (!isClosed) throw damaged();
  return seal;
};

/** Compares the seal of the file that was read with the written one. Throws `state_damaged` with the place. */
export const checkSeal = (found: StateSeal, written: StateSeal): void => {
  const piece = written.pieces.findIndex((checksum, index) => found.pieces[index] !== checksum);
  if (piece === -1 && found.bytes === written.bytes) return;
  const first = piece === -1 ? written.bytes : piece * PIECE;
  const place = `bytes ${first} to ${Math.min(first + PIECE, Math.max(found.bytes, written.bytes))}`;
  throw fail("state_damaged", { file: fileNames.state, place, backup: fileNames.backup });
};

export const sameSeal = (left: StateSeal, right: StateSeal): boolean =>
  left.bytes === right.bytes && left.pieces.every((checksum, index) => checksum === right.pieces[index]);

/** The file is synced every so many bytes, so that writes of the journal need not wait for all of it. */
const SYNC_EVERY = 8 * PIECE;

/** Writes a state file piece by piece. */
export class StateWriter {
  readonly #handle: FileHandle;
  readonly #seal: StateSeal = { bytes: 0, pieces: [] };
  #piece = Buffer.allocUnsafeSlow(PIECE);
  #filled = 0;
  #isFirst = true;
  #unsynced = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Adds a line. Resolves at once unless a piece must be written. */
  async line(key: string, value: Uint8Array): Promise<void> {
    const head = `${this.#isFirst ? OPENING : ",\n"}"${key}":`;
    this.#isFirst = false;
    await this.#add(Buffer.from(head));
    await this.#add(value);
  }

  /** Ends the file and makes it durable. */
  async finish(): Promise<StateSeal> {
    await this.#add(Buffer.from(this.#isFirst ? "{\n}\n" : CLOSING));
    await this.#flush();
    await this.#handle.sync();
    return this.#seal;
  }

  async #add(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length;) {
      const part = bytes.subarray(from, from + PIECE - this.#filled);
      this.#piece.set(part, this.#filled);
      this.#filled += part.length;
      from += part.length;
      if (this.#filled === PIECE) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    if (this.#filled === 0) return;
    const bytes = this.#piece.subarray(0, this.#filled);
    await writeAll(this.#handle, [bytes]);
    this.#seal.pieces.push(crc32(bytes));
    this.#seal.bytes += bytes.length;
    this.#unsynced += bytes.length;
    this.#filled = 0;
    if (this.#unsynced < SYNC_EVERY) return;
    await this.#handle.datasync();
    this.#unsynced = 0;
  }
}

/**
 * Writes all bytes, from `position` or else from the current position of the file. It repeats the call, because
 * the system may write only a part of the bytes at a time.
 */
export const writeAll = async (
  handle: FileHandle,
  parts: readonly Uint8Array[],
  position: number | null = null,
): Promise<void> => {
  let rest = parts.filter((part) => part.length > 0);
  let from = position;
  while (rest.length > 0) {
    let { bytesWritten } =
      rest.length === 1 && rest[0] !== undefined
        ? await handle.write(rest[0], null, null, from)
        : await handle.writev(rest, from ?? undefined);
    if (from !== null) from += bytesWritten;
    const left: Uint8Array[] = [];
    for (const part of rest) {
      if (bytesWritten < part.length) left.push(part.subarray(bytesWritten));
      bytesWritten = Math.max(0, bytesWritten - part.length);
    }
    rest = left;
  }
};
