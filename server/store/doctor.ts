import { join } from "node:path";
import { CoditectError } from "../../schemas/errors.ts";
import { createCopy, type Copy } from "./doctor-copy.ts";
import { checkObjects, checkTranscripts, type FileProblem } from "./doctor-files.ts";
import { checkRecords, type RecordCheck } from "./doctor-records.ts";
import { fileNames, listSegments, nodeFiles, syncFolder, type Files } from "./files.ts";
import { loadState, type Loaded } from "./load.ts";
import { acquireLock, STALE_MS, type Lock } from "./lock.ts";
import type { Problem } from "./problem.ts";
import { salvageState } from "./salvage.ts";
import { tenantOf } from "./tenant.ts";

export type { Problem } from "./problem.ts";

/** The result of checking a state folder. */
export interface Checkup {
  /** The number of checked records. */
  records: number;
  problems: Problem[];
}

/**
 * Checks every invariant of a state folder that no process has open: checksums, records against their
 * schemas and keys, indexes against records, references between records, transcripts, objects.
 * Changes nothing. Throws `state_newer`.
 */
export const checkState = async (folder: string, files = nodeFiles): Promise<Checkup> => {
  const { id: tenantId } = await tenantOf(files, folder);
  const loaded = await load(files, folder, tenantId);
  if ("kind" in loaded) return { records: 0, problems: [loaded] };
  const check = await checkRecords(files, folder, loaded);
  const beside = await checkBeside(files, folder, loaded, check);
  const problems = beside.map(({ kind, where, repair }) => ({ kind, where, repair }));
  return { records: check.records, problems: [...check.problems, ...problems] };
};

/** The state, or the problem that keeps it from being read. */
const load = async (files: Files, folder: string, tenantId: string): Promise<Loaded | Problem> => {
  try {
    return await loadState(files, folder, tenantId);
  } catch (error) {
    if (!(error instanceof CoditectError) || error.code !== "state_damaged") throw error;
    const repair = "what can be read is kept, the rest comes from the backup";
    return {
      kind: "a file is damaged",
      where: `${error.data.file ?? ""}, ${error.data.place ?? ""}`,
      repair,
    };
  }
};

const checkBeside = async (
  files: Files,
  folder: string,
  { document }: Loaded,
  { objects }: RecordCheck,
): Promise<FileProblem[]> => [
  ...(await checkTranscripts(files, folder, (id) => document.entry("executions", id) !== null)),
  ...(await checkObjects(files, folder, objects)),
];

export interface Repair {
  /** A description of what could not be saved. */
  losses: string[];
  /** The folder inside the state folder with the original files; null if none was changed. */
  kept: string | null;
  /** The check after the repair. */
  after: Checkup;
}

/**
 * Repairs what can be derived: damaged files from their readable parts and the backup, indexes from records,
 * and unfinished writes. Keeps copies of the original files. Throws `state_locked` while a process has the
 * folder open, and `state_newer`.
 */
export const repairState = async (folder: string, files = nodeFiles): Promise<Repair> => {
  const lock = await acquireLock({ files, folder, staleAfter: STALE_MS, signal: undefined });
  const copy = createCopy(files, folder);
  try {
    const { id: tenantId } = await tenantOf(files, folder);
    const loaded = await load(files, folder, tenantId);
    const needsRewrite =
      "kind" in loaded ||
      (await checkRecords(files, folder, loaded)).problems.some(({ repair }) => repair !== null);
    const losses = needsRewrite
      ? await salvageState(files, folder, tenantId, fileNames.newState(lock.epoch))
      : [];
    if (needsRewrite) await replaceState(files, folder, lock, copy);
    const mended = await loadState(files, folder, tenantId);
    const check = await checkRecords(files, folder, mended);
    for (const { mend } of await checkBeside(files, folder, mended, check)) await mend?.(copy);
    return { losses, kept: copy.name, after: await checkState(folder, files) };
  } finally {
    await lock.release();
  }
};

/** Replaces the state by the salvaged one, and moves the files that it was made from away. */
const replaceState = async (files: Files, folder: string, lock: Lock, copy: Copy): Promise<void> => {
  const state = join(folder, fileNames.state);
  await copy.keep(fileNames.state);
  lock.check();
  // From here until the last segment is moved away, opening fails and a repair starts again.
  await files.rename(join(folder, fileNames.newState(lock.epoch)), state);
  await syncFolder(files, folder);
  for (const number of await listSegments(files, folder)) await copy.take(fileNames.segment(number));
  await syncFolder(files, folder);
};
