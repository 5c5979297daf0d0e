import { join } from "node:path";
import type { Copy } from "./doctor-copy.ts";
import { fileNames, ifThere, type Files } from "./files.ts";
import { hashOf } from "./objects.ts";
import type { Problem } from "./problem.ts";
import { cutTorn, soundEntry } from "./transcripts.ts";

/** A problem of a file next to the state, with its repair. */
export interface FileProblem extends Problem {
  mend: ((copy: Copy) => Promise<void>) | null;
}

const TAKEN = "it is moved to the copy";

/** Checks that each transcript belongs to a stored execution, and that each line is complete and valid. */
export const checkTranscripts = async (
  files: Files,
  folder: string,
  isKnown: (executionId: string) => boolean,
): Promise<FileProblem[]> => {
  const problems: FileProblem[] = [];
  const directory = join(folder, fileNames.transcripts);
  for (const name of (await ifThere(files.readdir(directory))) ?? []) {
    const where = `${fileNames.transcripts}/${name}`;
    const path = join(directory, name);
    if (!isKnown(name.replace(/\.jsonl$/, ""))) {
      problems.push({
        kind: "a transcript belongs to no execution",
        where,
        repair: TAKEN,
        mend: (copy) => copy.take(where),
      });
      continue;
    }
    const text = await files.readFile(path, "utf8");
    const lines = text.split("\n");
    if (lines.pop() !== "")
      problems.push({
        kind: "the last line of a transcript is cut off",
        where,
        repair: "it is cut off; the copy keeps it",
        mend: async (copy) => {
          await copy.keep(where);
          await cutTorn(files, path);
        },
      });
    lines.forEach((line, index) => {
      if (!isEntry(line))
        problems.push({
          kind: "a line of a transcript is damaged",
          where: `${where}, line ${index + 1}`,
          repair: null,
          mend: null,
        });
    });
  }
  return problems;
};

/** Whether a line can be read. Invalid fields are repaired then, because transcripts are never rewritten. */
const isEntry = (line: string): boolean => {
  try {
    soundEntry(JSON.parse(line));
    return true;
  } catch {
    return false;
  }
};

/** Checks that each object has the hash in its name, and that every object that a record needs exists. */
export const checkObjects = async (
  files: Files,
  folder: string,
  needed: ReadonlyMap<string, string>,
): Promise<FileProblem[]> => {
  const missing = new Map(needed);
  const problems: FileProblem[] = [];
  const directory = join(folder, fileNames.objects);
  for (const shelf of (await ifThere(files.readdir(directory))) ?? [])
    for (const name of await files.readdir(join(directory, shelf))) {
      const where = `${fileNames.objects}/${shelf}/${name}`;
      const path = join(directory, shelf, name);
      const mend = (copy: Copy) => copy.take(where);
      if (name.endsWith(".new"))
        problems.push({ kind: "an object was not written to its end", where, repair: TAKEN, mend });
      else if (hashOf(await files.readFile(path)) !== name)
        problems.push({
          kind: "an object does not hold what it should",
          where,
          repair: TAKEN,
          mend,
        });
      else missing.delete(name);
    }
  for (const [sha256, where] of missing)
    problems.push({ kind: `the file content ${sha256} is gone`, where, repair: null, mend: null });
  return problems;
};
