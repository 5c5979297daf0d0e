import { crc32 } from "node:zlib";
import { join } from "node:path";
import { z } from "zod";
import { fail } from "../../schemas/errors.ts";
import { fileNames, makeYield, readChunks, type Chunk, type Files } from "./files.ts";

/**
 * The format of the journal. A segment file is a sequence of blocks. A block contains what one write made durable:
 *
 *     +"agents/1f…":{"agent_id":"1f…",…}     the record of a key
 *     >"agents_by_type/Coder"                the record of the line above joins a secondary index
 *     <"agents_by_status/Available"          … or leaves one
 *     -"agents/2a…"                          the key is removed
 *     #{"folded":…}                          a note of the store to itself
 *     =17 8f01c3aa                           end of block 17, with the CRC-32 of all lines up to here
 *
 * After the last block, the file may contain zeros: room for the next blocks. Keys do not have the tenant's
 * prefix. Each checksum continues the one of the previous block, so that a lost, doubled or swapped block is
 * noticed.
 */
const operation = {
  put: 0x2b, // +
  remove: 0x2d, // -
  join: 0x3e, // >
  leave: 0x3c, // <
  note: 0x23, // #
  end: 0x3d, // =
} as const;

/** Identifies a state file by its size and a CRC-32 for each of its pieces. */
export const StateSeal = z.object({ bytes: z.int(), pieces: z.array(z.int()) });
export type StateSeal = z.infer<typeof StateSeal>;

/** A state file that contains all segments up to number `folded`. */
export const StateBase = z.object({ folded: z.int(), seal: StateSeal });
export type StateBase = z.infer<typeof StateBase>;

/** The version of the format that this program writes. */
export const FORMAT = 1;

/** The first note of every segment. */
export const Header = z.object({
  /** 1. A newer program may write another number. */
  format: z.int(),
  /** The epoch of the process that wrote it. */
  epoch: z.int(),
  state: StateBase.nullable(),
  /** How many bytes of the previous segment are valid. The rest was never acknowledged. */
  previous: z.object({ segment: z.int(), bytes: z.int() }).nullable(),
});
export type Header = z.infer<typeof Header>;

/** A note is written before a new state file replaces the old one, so that the journal knows the file. */
export const Note = z.union([Header, StateBase]);
export type Note = z.infer<typeof Note>;

/** The state of the checksum chain. */
export interface ChainEnd {
  sequence: number;
  checksum: number;
}

/** The last line of a block, and the state of the chain after it. */
export const endBlock = (chain: ChainEnd, parts: readonly Buffer[]): { line: Buffer; chain: ChainEnd } => {
  const sequence = chain.sequence + 1;
  let checksum = chain.checksum;
  for (const part of parts) checksum = crc32(part, checksum);
  checksum = crc32(`=${sequence} `, checksum);
  return { line: Buffer.from(`=${sequence} ${hex(checksum)}\n`), chain: { sequence, checksum } };
};
const hex = (checksum: number): string => checksum.toString(16).padStart(8, "0");
const END_LINE = /^=(\d{1,15}) ([0-9a-f]{8})\n$/;

/** Parses the last line of a block; null if that is not possible. */
const readEnd = (line: string): ChainEnd | null => {
  const [, sequence, checksum = ""] = END_LINE.exec(line) ?? [];
  return sequence === undefined ? null : { sequence: Number(sequence), checksum: parseInt(checksum, 16) };
};

/** Whether a block with this end and this checksum can follow the previous block. */
const follows = (end: ChainEnd, checksum: number, before: ChainEnd): boolean =>
  end.checksum === checksum && (before.sequence === UNKNOWN || end.sequence === before.sequence + 1);
const UNKNOWN = -1;

/** Gets the lines of complete blocks from a reader of the journal. Keys include the tenant. */
export interface JournalVisitor {
  /** The record's text is in `chunk.bytes`, starting at `start`. */
  put: (key: string, chunk: Chunk, start: number, length: number) => void;
  remove: (key: string) => void;
  /** `key` is the key of the record. */
  join: (index: string, key: string) => void;
  leave: (index: string, key: string) => void;
  note: (note: Note) => void;
}

export interface JournalRead {
  chain: ChainEnd;
  /** The number of the first block. */
  first: number;
  /** The end of the last complete block. */
  end: number;
  /** The number of bytes after it, from a block that a crash cut off before it was acknowledged. */
  torn: number;
}

interface Line {
  kind: number;
  chunk: Chunk;
  start: number;
  end: number;
}

/**
 * Reads a segment up to `to`. Every block is checked before any of it is visited. An incomplete last block is
 * left out, and its bytes are counted. Any other damage throws `state_damaged`.
 */
export const readSegment = async (
  files: Files,
  { folder, segment, sequence, to, headerOnly = false, onDamage }: SegmentToRead,
  visitor: JournalVisitor,
  tenantId: string,
): Promise<JournalRead> => {
  const turn = makeYield();
  let chain: ChainEnd = { sequence: sequence ?? UNKNOWN, checksum: 0 };
  let checksum = 0;
  let block: Line[] = [];
  let end = 0;
  let size = 0;
  let first: number | null = null;
  let isWrong = false;

  for await (const chunk of readChunks(files, join(folder, fileNames.segment(segment)), { to })) {
    const { bytes } = chunk;
    size = chunk.offset + bytes.length;
    let checked = 0;
    for (let position = 0; position < bytes.length;) {
      const newline = bytes.indexOf(NEWLINE, position);
      if (newline === -1) {
        // After the last line, the file may contain zeros, which are room for more.
        size = chunk.offset + endOfText(bytes, position);
        if (size === chunk.offset + position) break;
      }
      // Another block follows, so this one was written completely and is damaged.
      if (isWrong) throw damagedAt(segment, end);
      const next = newline === -1 ? bytes.length : newline + 1;
      const kind = bytes[position] ?? 0;
      block.push({ kind, chunk, start: position + 1, end: next - 1 });
      if (kind === operation.end && newline !== -1) {
        const line = bytes.toString("latin1", position, next);
        const stated = readEnd(line);
        checksum = crc32(bytes.subarray(checked, position), checksum);
        checksum = crc32(line.slice(0, line.indexOf(" ") + 1), checksum);
        checked = next;
        if (stated !== null && follows(stated, checksum, chain)) {
          await visitBlock(block, tenantId, visitor);
          first ??= stated.sequence;
          chain = stated;
          if (headerOnly) return { chain, first, end: chunk.offset + next, torn: 0 };
        } else if (onDamage === undefined) isWrong = true;
        else {
          onDamage(end);
          chain = stated ?? { sequence: UNKNOWN, checksum: 0 };
          checksum = chain.checksum;
        }
        if (!isWrong) {
          block = [];
          end = chunk.offset + next;
        }
      }
      position = next;
      const pause = turn();
      if (pause !== undefined) await pause;
    }
    checksum = crc32(bytes.subarray(checked), checksum);
  }
  if (isWrong && !block.some(hasUnwrittenPart)) throw damagedAt(segment, end);
  return { chain, first: first ?? 0, end, torn: size - end };
};

const visitBlock = async (
  block: readonly Line[],
  tenantId: string,
  visitor: JournalVisitor,
): Promise<void> => {
  const turn = makeYield();
  let record = "";
  for (const { kind, chunk, start, end } of block) {
    const keyEnd = kind === operation.note ? start : chunk.bytes.indexOf(QUOTE, start + 1);
    const relative = chunk.bytes.toString("utf8", start + 1, keyEnd);
    const key = relative.startsWith("/") ? relative : `/${tenantId}/${relative}`;
    if (kind === operation.put || kind === operation.remove) record = key;
    if (kind === operation.put) visitor.put(key, chunk, keyEnd + 2, end - keyEnd - 2);
    else if (kind === operation.remove) visitor.remove(key);
    else if (kind === operation.join) visitor.join(key, record);
    else if (kind === operation.leave) visitor.leave(key, record);
    else if (kind === operation.note)
      visitor.note(Note.parse(JSON.parse(chunk.bytes.toString("utf8", start, end))));
    const pause = turn();
    if (pause !== undefined) await pause;
  }
};
const QUOTE = 0x22;

/** The start of the zeros at the end of the bytes. */
const endOfText = (bytes: Buffer, from: number): number => {
  let end = bytes.length;
  while (end > from && bytes[end - 1] === 0) end -= 1;
  return end;
};

/** Whether a line contains zeros, which a file system shows for parts that it has not written. */
const hasUnwrittenPart = ({ chunk, start, end }: Line): boolean =>
  chunk.bytes.subarray(start, end).includes(UNWRITTEN);
const UNWRITTEN = Buffer.alloc(16);
const NEWLINE = 10;

export interface SegmentToRead {
  folder: string;
  segment: number;
  /** The number of the last block before this segment; null if unknown. */
  sequence: number | null;
  to: number;
  /** Whether to stop after the first block. */
  headerOnly?: boolean;
  /** Called with the start of each damaged block, which is left out. If not set, damage throws. */
  onDamage?: (byte: number) => void;
}

/** The header of a segment; null if it is incomplete, in which case the segment contains nothing. */
export const readHeader = async (files: Files, folder: string, segment: number): Promise<Header | null> => {
  let header: Header | null = null;
  const ignore = () => undefined;
  const note = (note: Note) => {
    if ("format" in note) header = note;
    if ("format" in note && note.format > FORMAT)
      throw fail("state_newer", { file: fileNames.segment(segment), found: note.format, known: FORMAT });
  };
  await readSegment(
    files,
    { folder, segment, sequence: null, to: Infinity, headerOnly: true },
    { put: ignore, remove: ignore, join: ignore, leave: ignore, note },
    "",
  );
  return header;
};

export const damagedAt = (segment: number, byte: number) =>
  fail("state_damaged", {
    file: fileNames.segment(segment),
    place: `byte ${byte}`,
    backup: fileNames.backup,
  });
