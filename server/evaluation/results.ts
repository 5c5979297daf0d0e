import { appendFile, readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { fail } from "../../schemas/errors.ts";
import { Trial } from "../../schemas/evaluation.ts";
import { ifThere } from "../store/files.ts";

/** A file of results: one trial per line, appended as they are made, so that a stop loses none. */
export interface Results {
  known: readonly Trial[];
  add(trial: Trial): Promise<void>;
}

const parseLine = (path: string, line: string, index: number): Trial => {
  try {
    return Trial.parse(JSON.parse(line));
  } catch (error) {
    const problems = `line ${index + 1} is not a result of an evaluation`;
    throw fail("invalid_file", { path: basename(path), problems }, { cause: error });
  }
};

/**
 * Opens the results at that absolute path, or begins them. A last line that was cut off by a kill is
 * dropped: its trial is made again. Error: `invalid_file`.
 */
export const openResults = async (path: string): Promise<Results> => {
  const text = (await ifThere(readFile(path, "utf8"))) ?? "";
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const known = whole
    .split("\n")
    .slice(0, -1)
    .map((line, index) => parseLine(path, line, index));
  // Only now: a file that is something else stays as it is.
  if (whole !== text) await writeFile(path, whole);
  return { known, add: (trial) => appendFile(path, `${JSON.stringify(trial)}\n`) };
};
