import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { fileNames, syncFolder, type Files } from "./files.ts";
import { readSegment, type StateSeal } from "./journal-format.ts";
import type { Lock } from "./lock.ts";
import { readState, StateWriter } from "./state-file.ts";

/** What to fold: closed segments in order, with the valid part of each. */
export const FoldRequest = z.object({
  folder: z.string(),
  tenantId: z.string(),
  segments: z.array(z.object({ number: z.int(), bytes: z.int(), sequence: z.int() })),
  /** The size of the state file; null if there is none. */
  stateBytes: z.int().nullable(),
  /** The name of the file to write. */
  output: z.string(),
});
export type FoldRequest = z.infer<typeof FoldRequest>;

/** The last value of a key in the journal: a text in a segment, or a removal. */
type Change = Text | null;
interface Text {
  segment: number;
  offset: number;
  length: number;
  /** Whether the key was removed and added again, so that its line comes after the others. */
  isNew: boolean;
}

/**
 * Writes a new state file next to the old one, with the changes of the segments. It only reads and writes
 * files, so it can run in any thread. `publishFold` then replaces the old file.
 */
export const fold = async (files: Files, request: FoldRequest): Promise<StateSeal> => {
  const { folder } = request;
  const changes = new Map<string, Change>();
  const lists = new Map<string, Map<string, boolean>>();
  await readChanges(files, request, changes, lists);

  const output = await files.open(join(folder, request.output), "w", 0o600);
  const segments = new Map<number, SegmentTexts>();
  try {
    const writer = new StateWriter(output);
    const pick = async (text: Text): Promise<Buffer> => {
      let texts = segments.get(text.segment);
      if (texts === undefined) {
        texts = new SegmentTexts(await files.open(join(folder, fileNames.segment(text.segment)), "r"));
        segments.set(text.segment, texts);
      }
      return texts.read(text);
    };
    if (request.stateBytes !== null) {
      await readState(files, folder, fileNames.state, async (key, chunk, start, length) => {
        const text = chunk.bytes.subarray(start, start + length);
        const change = changes.get(key);
        const list = lists.get(key);
        if (list !== undefined) {
          lists.delete(key);
          await writeList(writer, key, text.toString(), list);
        } else if (change === undefined) await writer.line(key, text);
        else if (change !== null && !change.isNew) {
          changes.delete(key);
          await writer.line(key, await pick(change));
        }
      });
    }
    for (const [key, change] of changes) if (change !== null) await writer.line(key, await pick(change));
    for (const [key, list] of lists) await writeList(writer, key, "[]", list);
    return await writer.finish();
  } finally {
    await Promise.all([...segments.values(), output].map((handle) => handle.close()));
  }
};

const readChanges = async (
  files: Files,
  { folder, tenantId, segments }: FoldRequest,
  changes: Map<string, Change>,
  lists: Map<string, Map<string, boolean>>,
): Promise<void> => {
  for (const { number, bytes, sequence } of segments) {
    const put = (key: string, offset: number, length: number) => {
      const before = changes.get(key);
      if (before === null) changes.delete(key);
      changes.set(key, { segment: number, offset, length, isNew: before === null || before?.isNew === true });
    };
    const member = (list: string, key: string, isMember: boolean) => {
      const members = lists.get(list) ?? new Map<string, boolean>();
      members.set(idOf(key), isMember);
      lists.set(list, members);
    };
    await readSegment(
      files,
      { folder, segment: number, sequence, to: bytes },
      {
        put: (key, chunk, start, length) => {
          put(key, chunk.offset + start, length);
        },
        remove: (key) => {
          changes.set(key, null);
        },
        join: (list, key) => {
          member(list, key, true);
        },
        leave: (list, key) => {
          member(list, key, false);
        },
        note: () => undefined,
      },
      tenantId,
    );
  }
};

/** Reads texts of a segment. It reads ahead while they are requested in file order, as new records are. */
class SegmentTexts {
  readonly #handle: FileHandle;
  #window: Buffer = Buffer.alloc(0);
  #start = 0;
  #expected = -1;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async read({ offset, length }: Text): Promise<Buffer> {
    const from = offset - this.#start;
    const isNear = offset >= this.#expected && offset - this.#expected < NEAR;
    this.#expected = offset + length;
    if (from >= 0 && from + length <= this.#window.length) return this.#window.subarray(from, from + length);
    const bytes = Buffer.allocUnsafe(isNear ? Math.max(READ_AHEAD, length) : length);
    const { bytesRead } = await this.#handle.read(bytes, 0, bytes.length, offset);
    if (bytesRead < length) throw new Error("a segment became shorter while it was folded");
    this.#window = bytes.subarray(0, bytesRead);
    this.#start = offset;
    return this.#window.subarray(0, length);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
const READ_AHEAD = 256 * 1024;
/** Keys, indexes and the ends of blocks are between two texts. */
const NEAR = 4096;

/** The last part of a record's key, which lists contain. */
const idOf = (key: string): string => key.slice(key.lastIndexOf("/") + 1);

const writeList = async (
  writer: StateWriter,
  key: string,
  text: string,
  members: ReadonlyMap<string, boolean>,
): Promise<void> => {
  const ids = new Set(text === "[]" ? [] : text.slice(2, -2).split('","'));
  for (const [id, isMember] of members) {
    if (isMember) ids.add(id);
    else ids.delete(id);
  }
  if (ids.size > 0) await writer.line(key, Buffer.from(`["${[...ids].join('","')}"]`));
};

/** Replaces the state file by the new one. The old one becomes the backup. */
export const publishFold = async (files: Files, folder: string, lock: Lock): Promise<void> => {
  const state = join(folder, fileNames.state);
  const backup = join(folder, fileNames.backup);
  await files.rm(backup, { force: true });
  try {
    // This adds a second name instead of moving the file, so that the state file always exists.
    await files.link(state, backup);
  } catch {
    await files.copyFile(state, backup).catch(() => undefined);
  }
  // A process that takes the folder over after this check removes the file first, so that a former owner
  // cannot publish any more.
  lock.check();
  await files.rename(join(folder, fileNames.newState(lock.epoch)), state);
  await syncFolder(files, folder);
};
