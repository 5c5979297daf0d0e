import { readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** The folder of the repository's index for a working tree, whose `.git` may be a file that names it. */
const gitFolderOf = (root: string): string | null => {
  const path = join(root, ".git");
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return null;
  if (found.isDirectory()) return path;
  const named = /^gitdir: (.+)$/m.exec(readFileSync(path, "utf8"))?.[1];
  return named === undefined ? null : resolve(root, named.trim());
};

const MOST_INDEX_BYTES = 256 << 20;

/**
 * Whether git's index has files of the folder, read without running git. Git replaces ignored files by
 * tracked ones silently, so a pull could replace our state by a foreign one.
 */
export const isTracked = (workspace: string, folder: string): boolean => {
  for (let root = workspace; ; root = dirname(root)) {
    const git = gitFolderOf(root);
    if (git !== null)
      return indexNames(join(git, "index"), `${relative(root, folder).replaceAll("\\", "/")}/`);
    if (dirname(root) === root) return false;
  }
};

const indexNames = (index: string, prefix: string): boolean => {
  const found = statSync(index, { throwIfNoEntry: false });
  if (found?.isFile() !== true || found.size > MOST_INDEX_BYTES) return false;
  const bytes = readFileSync(index);
  if (bytes.includes(prefix)) return true;
  // Version 4 leaves out what a path shares with the one before it, at most up to the last folder.
  return (
    bytes.readUInt32BE(4) === 4 &&
    bytes.includes(prefix.slice(prefix.lastIndexOf("/", prefix.length - 2) + 1))
  );
};
