import { createWriteStream } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { fail } from "../../../../schemas/errors.ts";
import { makeFolder } from "../../../platform/make-folder.ts";

type NotWritten = "file_not_written" | "report_not_written";

const reasonOf = (error: unknown): string => {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return code === "EISDIR" ? "it is a folder" : code;
};

const isOfFileSystem = (error: unknown): boolean => error instanceof Error && "syscall" in error;

/** Writes a file that the user named, and creates the folders above it. Error: the one in `code`. */
export const writeOutputFile = async (
  path: string,
  text: string,
  code: NotWritten = "file_not_written",
): Promise<void> => {
  try {
    makeFolder(dirname(path));
    await writeFile(path, text);
  } catch (error) {
    throw fail(code, { path, reason: reasonOf(error) }, { cause: error });
  }
};

/** The same for a sequence of lines. Error: `file_not_written`, and the errors of `lines`. */
export const writeOutputLines = async (path: string, lines: AsyncIterable<string>): Promise<void> => {
  try {
    makeFolder(dirname(path));
    await pipeline(lines, createWriteStream(path));
  } catch (error) {
    if (!isOfFileSystem(error)) throw error;
    throw fail("file_not_written", { path, reason: reasonOf(error) }, { cause: error });
  }
};

/**
 * Creates the folder of a report and checks that the report can be written, before the run costs money.
 * Error: `usage`.
 */
export const prepareReport = async (path: string): Promise<void> => {
  try {
    makeFolder(dirname(path));
  } catch (error) {
    throw fail("usage", { problem: `Cannot write ${path}: ${reasonOf(error)}.` }, { cause: error });
  }
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() === true)
    throw fail("usage", { problem: `${path} is a folder. Name a file in it.` });
};
