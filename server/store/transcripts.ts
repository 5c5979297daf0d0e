import { constants } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../schemas/errors.ts";
import { Uuid } from "../../schemas/primitives.ts";
import { TranscriptEntry } from "../../schemas/transcript.ts";
import { fileNames, ifThere, syncFolder, type Files } from "./files.ts";
import type { Durability } from "./journal.ts";
import { writeAll } from "./state-file.ts";
import type { Transcripts } from "./store.ts";

const NEWLINE = 10;

export interface TranscriptOptions {
  files: Files;
  folder: string;
  durability: Durability;
  /** Throws when nothing may be written any more. */
  checkWritable: () => void;
  /** Told of a failed write. */
  onFailure: (error: unknown) => Error;
}

/** `transcripts/<execution_id>.jsonl`: one entry per line, appended, never changed. */
export const openTranscripts = (options: TranscriptOptions): Transcripts => {
  const { files, folder, durability, checkWritable, onFailure } = options;
  const directory = join(folder, fileNames.transcripts);
  const pathOf = (executionId: string): string => join(directory, `${Uuid.parse(executionId)}.jsonl`);
  /** The last append to each file; those to one file go one after the other. */
  const tails = new Map<string, Promise<void>>();
  /** Files known to end with a whole line. */
  const whole = new Set<string>();

  const append = async (path: string, lines: Buffer): Promise<void> => {
    checkWritable();
    try {
      if (!whole.has(path)) await cutTorn(files, path);
      const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
      const handle = await files.open(path, flags, 0o600);
      try {
        await writeAll(handle, [lines]);
        if (durability === "fsync") await handle.datasync();
      } finally {
        await handle.close();
      }
      if (durability === "fsync" && !whole.has(path)) await syncFolder(files, directory);
      whole.add(path);
    } catch (error) {
      whole.delete(path);
      throw onFailure(error);
    }
    checkWritable();
  };

  return {
    append: (executionId, entries) => {
      const path = pathOf(executionId);
      const lines = Buffer.from(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
      const run = () => append(path, lines);
      const done = (tails.get(path) ?? Promise.resolve()).then(run, run);
      tails.set(path, done);
      const forget = () => {
        if (tails.get(path) === done) tails.delete(path);
      };
      done.then(forget, forget);
      return done;
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

const parseLine = (line: string, name: string, number: number): TranscriptEntry => {
  try {
    return TranscriptEntry.parse(JSON.parse(line));
  } catch (error) {
    throw fail(
      "state_damaged",
      { file: `${fileNames.transcripts}/${name}`, place: `line ${number}`, backup: "a copy of it" },
      { cause: error },
    );
  }
};

/** Removes the rest of a line that a crash cut off, which nobody was told is there. */
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
