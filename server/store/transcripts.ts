import { join } from "node:path";
import { fail } from "../../schemas/errors.ts";
import { Uuid } from "../../schemas/primitives.ts";
import { TranscriptEntry } from "../../schemas/transcript.ts";
import { mend } from "./mend.ts";
import { openToAppend, type AppendFile, type Durability } from "./appending.ts";
import { fileNames, ifThere, syncFolder, type Files } from "./files.ts";
import type { Transcripts } from "./store.ts";

const NEWLINE = 10;

export interface TranscriptOptions {
  files: Files;
  folder: string;
  durability: Durability;
  /** Throws when nothing may be written any more. */
  checkWritable: () => void;
  /** Called with a failed write. */
  onFailure: (error: unknown) => Error;
}

/** The maximum number of open transcripts. Running executions append to theirs. */
const MOST_OPEN = 16;

/**
 * Opens the transcripts `transcripts/<execution_id>.jsonl`. Each line is an entry. Lines are appended and never
 * changed. `close` waits until all appended entries are written.
 */
export const openTranscripts = (options: TranscriptOptions): Transcripts & { close: () => Promise<void> } => {
  const { files, folder, durability, checkWritable, onFailure } = options;
  const directory = join(folder, fileNames.transcripts);
  const pathOf = (executionId: string): string => join(directory, `${Uuid.parse(executionId)}.jsonl`);
  /** The last append to each file. Appends to the same file run one after the other. */
  const tails = new Map<string, Promise<void>>();
  /** Open files that end with a complete line. The one that was used last comes last. */
  const open = new Map<string, AppendFile>();
  let isClosed = false;

  const openWhole = async (path: string): Promise<AppendFile> => {
    await cutTorn(files, path);
    const file = await openToAppend(files, path, durability);
    if (durability === "fsync") await syncFolder(files, directory);
    return file;
  };

  const close = async (path: string): Promise<void> => {
    const file = open.get(path);
    open.delete(path);
    await file?.close();
  };

  const append = async (path: string, lines: Buffer): Promise<void> => {
    checkWritable();
    try {
      const file = open.get(path) ?? (await openWhole(path));
      open.delete(path);
      open.set(path, file);
      await file.append([lines]);
      const unused = open.size > MOST_OPEN ? [...open.keys()].find((each) => !tails.has(each)) : undefined;
      if (unused !== undefined) await close(unused);
    } catch (error) {
      await close(path).catch(() => undefined);
      throw onFailure(error);
    }
    checkWritable();
  };

  return {
    append: async (executionId, entries) => {
      const path = pathOf(executionId);
      if (isClosed) throw fail("state_read_only", { reason: "the store is closed" });
      const lines = Buffer.from(entries.map((entry) => `${JSON.stringify(soundEntry(entry))}\n`).join(""));
      const run = () => append(path, lines);
      const done = (tails.get(path) ?? Promise.resolve()).then(run, run);
      tails.set(path, done);
      const forget = () => {
        if (tails.get(path) === done) tails.delete(path);
      };
      done.then(forget, forget);
      await done;
    },
    close: async () => {
      isClosed = true;
      await Promise.allSettled(tails.values());
      await Promise.all([...open.keys()].map(close));
    },
    read: async (executionId, from = 0) => {
      const bytes = await ifThere(files.readFile(pathOf(executionId)));
      const text = bytes === null ? "" : bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1).toString();
      return text
        .split("\n")
        .slice(from, -1)
        .map((line, index) => parseLine(line, `${executionId}.jsonl`, from + index + 1));
    },
  };
};

/**
 * An entry that can be read again: the entry itself, or one whose invalid fields are repaired.
 * Throws a ZodError if that is not possible.
 */
export const soundEntry = (value: unknown): TranscriptEntry => {
  const parsed = TranscriptEntry.safeParse(value);
  if (parsed.success) return parsed.data;
  const mended = mend(TranscriptEntry, value);
  if (mended === null) throw parsed.error;
  return TranscriptEntry.parse(mended.value);
};

const parseLine = (line: string, name: string, number: number): TranscriptEntry => {
  try {
    return soundEntry(JSON.parse(line));
  } catch (error) {
    throw fail(
      "state_damaged",
      { file: `${fileNames.transcripts}/${name}`, place: `line ${number}`, backup: "a copy of it" },
      { cause: error },
    );
  }
};

/** Removes the rest of a line that a crash cut off and that was never acknowledged. */
export const cutTorn = async (files: Files, path: string): Promise<void> => {
  const bytes = await ifThere(files.readFile(path));
  if (bytes === null) return;
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  if (end === bytes.length) return;
  const handle = await files.open(path, "r+");
  try {
    await handle.truncate(end);
    await handle.sync();
  } finally {
    await handle.close();
  }
};
