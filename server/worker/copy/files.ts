import { hash } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync, type Dirent } from "node:fs";
import { dirname, join } from "node:path";
import type { FileChange } from "../../../schemas/changes.ts";
import { fromFileContent } from "../../workspace/encoding.ts";
import { readFolder } from "../../workspace/walk.ts";
import { statFile } from "./stamp.ts";

export const sha256 = (bytes: Uint8Array): string => hash("sha256", bytes, "hex");

/** The state of a file as a short text: its hash and whether it is executable, or "deleted". */
export const stateOf = ({ content, executable }: Pick<FileChange, "content" | "executable">): string =>
  content === null ? "deleted" : `${sha256(fromFileContent(content))} ${executable}`;

/** Removes whatever is at `path`. Of a link, it removes the link and not its target. */
export const remove = (path: string): void => {
  if (statFile(path) === null) return;
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    openFolders(path);
    rmSync(path, { recursive: true, force: true });
  }
};

const RIGHTS = 0o700;

/** Restores access to the folders at and below `path`, which a command may have closed to its own user. */
const openFolders = (path: string): void => {
  if (statFile(path)?.isDirectory() !== true) return;
  chmodSync(path, RIGHTS);
  for (const { name } of readFolder(path)) openFolders(join(path, name));
};

/**
 * The entries of a folder of the copy. Restores access to a folder that a command has closed, and removes entries
 * whose names are not valid text, because they could not be seen here.
 */
export const ownEntries = (folder: string): Dirent[] => {
  const stats = statFile(folder);
  if (stats?.isDirectory() === true && (stats.mode & RIGHTS) !== RIGHTS) chmodSync(folder, 0o755);
  const entries = readFolder(folder);
  if (!entries.some(({ name }) => name.includes("\uFFFD"))) return entries;
  for (const name of readdirSync(folder, { encoding: "buffer" })) {
    if (Buffer.from(name.toString("utf8")).equals(name)) continue;
    const nameable = join(folder, `.${process.pid}-${performance.now()}.coditect-tmp`);
    renameSync(Buffer.concat([Buffer.from(`${folder}/`), name]), nameable);
    remove(nameable);
  }
  return readFolder(folder);
};

/**
 * Replaces a file in one step. Readers see the old bytes or the new ones, and a failure keeps the old ones. Missing
 * folders are created.
 */
export const writeAtomically = (path: string, bytes: Uint8Array, executable: boolean): void => {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  const temporary = join(folder, `.${process.pid}-${performance.now()}.coditect-tmp`);
  try {
    writeFileSync(temporary, bytes, { flag: "wx" });
    if (executable) chmodSync(temporary, 0o755);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
};

/** Applies a change to a file of the copy. */
export const writeChange = (root: string, change: FileChange): void => {
  const path = join(root, change.path);
  if (change.content === null) {
    if (statFile(path)?.isDirectory() !== true) remove(path); // A folder may have replaced the file.
    return;
  }
  placeFile(root, change.path, fromFileContent(change.content), change.executable);
};

/** Writes a file, and removes whatever blocks its path. */
export const placeFile = (root: string, path: string, bytes: Uint8Array, executable: boolean): void => {
  const target = join(root, path);
  clearWay(root, path);
  if (statFile(target)?.isFile() !== true) remove(target);
  writeAtomically(target, bytes, executable);
};

/** The folders in a path, the outermost first. */
const foldersOf = (root: string, path: string): string[] => {
  const segments = path.split("/").slice(0, -1);
  return segments.map((_, index) => join(root, ...segments.slice(0, index + 1)));
};

/** Whether all existing parents of `path` are folders. */
export const isFree = (root: string, path: string): boolean =>
  foldersOf(root, path).every((folder) => statFile(folder)?.isDirectory() ?? true);

/** Removes files and links that are in the place of a parent folder of `path`. */
export const clearWay = (root: string, path: string): void => {
  for (const folder of foldersOf(root, path)) {
    if (statFile(folder)?.isDirectory() === false) remove(folder);
  }
};
