import type { ChangedFile, FileChange } from "../../schemas/changes.ts";
import type { Objects } from "../store/store.ts";
import { marksOf } from "../workspace/marks.ts";
import { kept } from "./contents.ts";
import { countLines, diffText } from "./patch.ts";
import { type Candidate, findRenames } from "./renames.ts";

/** A path, and the hashes of its file before and after; `null`: no file. */
export interface Entry {
  path: string;
  before: string | null;
  after: string | null;
  executable: boolean;
}

/** The entries of changed files, a rename again as a deletion and a creation. */
export const entriesOf = (files: readonly ChangedFile[]): Entry[] =>
  files.flatMap((file): Entry[] => {
    const { path, old_path, before, after, executable } = file;
    return old_path === null
      ? [{ path, before, after, executable }]
      : [
          { path: old_path, before, after: null, executable: false },
          { path, before: null, after, executable },
        ];
  });

const candidates = async (
  objects: Objects,
  entries: readonly Entry[],
  side: "before" | "after",
): Promise<Candidate[]> => {
  const found = await Promise.all(
    entries.map(async ({ path, [side]: sha256 }) => {
      const bytes = sha256 === null ? null : await kept(objects, sha256);
      return sha256 === null || bytes === null ? null : { path, sha256, bytes };
    }),
  );
  return found.filter((candidate) => candidate !== null);
};

const kindOf = ({ before, after }: Entry, renamed: boolean): ChangedFile["kind"] => {
  if (renamed) return "Renamed";
  if (before === null) return "Created";
  return after === null ? "Deleted" : "Modified";
};

const describe = async (
  objects: Objects,
  entry: Entry,
  renamedFrom: Entry | undefined,
): Promise<ChangedFile> => {
  const old = renamedFrom?.before ?? entry.before;
  const before = old === null ? null : ((await kept(objects, old)) ?? "unknown");
  const after = entry.after === null ? null : await objects.get(entry.after);
  const [textBefore, textAfter] = [before, after].map((side) =>
    Buffer.isBuffer(side) ? diffText(side) : null,
  );
  const marks = marksOf(entry.path, textBefore ?? null, textAfter ?? null);
  const isBinary = [before, after].some((side) => Buffer.isBuffer(side) && diffText(side) === null);
  return {
    path: entry.path,
    kind: kindOf(entry, renamedFrom !== undefined),
    old_path: renamedFrom?.path ?? null,
    before: old,
    after: entry.after,
    executable: entry.executable,
    binary: isBinary,
    ...countLines({ before, after }),
    decision: "Pending",
    ...(marks.length > 0 && { marks }),
  };
};

/** Changed files of entries whose bytes are in the object store, in the order of their paths. */
export const describeEntries = async (
  objects: Objects,
  entries: readonly Entry[],
): Promise<ChangedFile[]> => {
  const deleted = entries.filter(({ before, after }) => before !== null && after === null);
  const created = entries.filter(({ before, after }) => before === null && after !== null);
  const renames = findRenames(
    await candidates(objects, deleted, "before"),
    await candidates(objects, created, "after"),
  );
  const former = new Set(renames.values());
  const files: ChangedFile[] = [];
  // One after the other: a diff holds the thread, and memory is needed for one file at a time.
  for (const entry of entries.filter(({ path }) => !former.has(path))) {
    const from = deleted.find(({ path }) => path === renames.get(entry.path));
    files.push(await describe(objects, entry, from));
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
};

/** What a worker needs to make the changed file. */
export const fileChange = async (
  objects: Objects,
  entry: Entry,
  encode: (bytes: Buffer) => FileChange["content"],
): Promise<FileChange> => ({
  path: entry.path,
  before: entry.before,
  content: entry.after === null ? null : encode(await objects.get(entry.after)),
  executable: entry.executable,
});
