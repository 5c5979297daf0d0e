import { randomUUID } from "node:crypto";
import { chmod, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ChangedFile } from "../../schemas/changes.ts";
import type { AppliedFile } from "../../schemas/contract.ts";
import { CoditectError, fail } from "../../schemas/errors.ts";
import { confine } from "../workspace/paths.ts";
import { kept, type ReadObjects, readWorkspaceFile, sha256Of } from "./contents.ts";
import { mergeThreeWay } from "../workspace/three-way.ts";

type Result = AppliedFile["result"];

/** How often a file that is edited in the very moment is looked at again. */
const ATTEMPTS = 3;
const NEW_FILE_MODE = 0o644;

const sameBytes = (a: Buffer | null, b: Buffer | null): boolean =>
  a === null || b === null ? a === b : a.equals(b);

/**
 * Replaces the file at the path with `bytes`, or does nothing at all: a new file next to it takes
 * its name. Resolves to false when the file is not `expected` any more.
 */
const replace = async (
  workspace: string,
  { path, old_path, executable }: ChangedFile,
  bytes: Buffer,
  expected: Buffer | null,
): Promise<boolean> => {
  const target = confine(workspace, path);
  await mkdir(dirname(target), { recursive: true });
  const former = old_path === null ? null : await stat(confine(workspace, old_path)).catch(() => null);
  const present = expected === null ? former : await stat(target);
  const mode = (present === null ? NEW_FILE_MODE : present.mode & 0o777) | (executable ? 0o111 : 0);
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    // The mode given to open() is cut by the process's umask; the file keeps the one it had.
    if (present !== null) await chmod(temporary, mode);
    if (!sameBytes(await readWorkspaceFile(workspace, path), expected)) return false;
    await rename(temporary, target);
    return true;
  } finally {
    await rm(temporary, { force: true });
  }
};

/** Only a missing right to execute counts: the other bits of a file's mode are the user's. */
const hasMode = async (workspace: string, { path, executable }: ChangedFile): Promise<boolean> =>
  !executable || process.platform === "win32" || ((await stat(confine(workspace, path))).mode & 0o100) !== 0;

const remove = async (workspace: string, path: string, expected: Buffer): Promise<boolean> => {
  if (!sameBytes(await readWorkspaceFile(workspace, path), expected)) return false;
  await rm(confine(workspace, path));
  return true;
};

interface Wanted {
  file: ChangedFile;
  before: Buffer | null;
  after: Buffer | null;
}

/** Deletes a file that is still as the agents knew it. */
const applyDeletion = async (workspace: string, { file }: Wanted): Promise<Result> => {
  const present = await readWorkspaceFile(workspace, file.path);
  if (present === null) return "unchanged";
  if (sha256Of(present) !== file.before) return "conflict";
  return (await remove(workspace, file.path, present)) ? "written" : "conflict";
};

/**
 * Whether a rename only changes the case of the name, where the file system takes both names for one file. Writing the
 * new name and removing the old one would remove the file.
 */
const onlyChangesCase = async (workspace: string, { path, old_path }: ChangedFile): Promise<boolean> => {
  if (old_path?.toLowerCase() !== path.toLowerCase()) return false;
  const statOf = (each: string) => stat(confine(workspace, each)).catch(() => null);
  const [from, to] = [await statOf(old_path), await statOf(path)];
  return from !== null && to !== null && from.dev === to.dev && from.ino === to.ino;
};

/** Writes the text at its path, and takes away what it was renamed from. */
const applyText = async (workspace: string, wanted: Wanted, after: Buffer): Promise<Result | "again"> => {
  const { file, before } = wanted;
  if (file.old_path !== null && (await onlyChangesCase(workspace, file))) {
    // The real path of the new name has the case of the old one.
    const folder = confine(workspace, dirname(file.path));
    const isNamed = (await readdir(folder)).includes(basename(file.path));
    if (!isNamed) await rename(confine(workspace, file.old_path), join(folder, basename(file.path)));
    const result = await applyText(workspace, { ...wanted, file: { ...file, old_path: null } }, after);
    return result === "unchanged" && !isNamed ? "written" : result;
  }
  const source = file.old_path ?? file.path;
  const target = await readWorkspaceFile(workspace, file.path);
  const present = file.old_path === null ? target : await readWorkspaceFile(workspace, source);
  if (present === null && target?.equals(after) === true) return "unchanged";
  if (file.before !== null && present === null) return "conflict"; // The user deleted it.
  if (file.old_path !== null && target?.equals(after) === false) return "conflict";

  let result = after;
  if (present !== null && sha256Of(present) !== file.before && !present.equals(after)) {
    const merged = before === null ? null : mergeThreeWay(before, present, after);
    if (merged === null) return "conflict";
    result = merged;
  }
  const settled = target?.equals(result) === true && (await hasMode(workspace, file));
  if (!settled && !(await replace(workspace, file, result, target))) return "again";
  if (file.old_path !== null && present !== null && !(await remove(workspace, source, present)))
    return "again";
  if (settled && file.old_path === null) return "unchanged";
  return result.equals(after) ? "written" : "merged";
};

/**
 * Applies one changed file to the workspace. A file as the agents knew it is replaced; one edited
 * since is merged; where that is not clean nothing is written. Error: `write_failed`.
 */
export const applyFile = async (
  workspace: string,
  objects: ReadObjects,
  file: ChangedFile,
): Promise<Result> => {
  const wanted = {
    file,
    before: file.before === null ? null : await kept(objects, file.before),
    after: file.after === null ? null : await objects.get(file.after),
  };
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const result =
        wanted.after === null
          ? await applyDeletion(workspace, wanted)
          : await applyText(workspace, wanted, wanted.after);
      if (result !== "again") return result;
    }
    return "conflict";
  } catch (error) {
    if (error instanceof CoditectError) throw error;
    const reason = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw fail("write_failed", { path: file.path, reason }, { cause: error });
  }
};
