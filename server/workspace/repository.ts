import { lstatSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readIfPossible } from "./open.ts";
import { isWithin } from "./paths.ts";

/** A working tree and its repository. */
export interface Repository {
  root: string;
  gitFolder: string;
}

/**
 * The repository a folder belongs to. A `.git` that is a file or a link and leads to a repository that
 * does not know this working tree is refused: it would show another repository of the user's.
 */
export const repositoryOf = (folder: string): Repository | null => {
  for (let root = folder; ; root = dirname(root)) {
    const found = lstatSync(join(root, ".git"), { throwIfNoEntry: false });
    if (found?.isDirectory() === true) return whole(root);
    if (found?.isFile() === true) return linkedRepository(root);
    if (found !== undefined || dirname(root) === root) return null;
  }
};

const firstLine = (folder: string, name: string): string | null =>
  readIfPossible(folder, name, { most: 4096 })?.toString("utf8").trim() ?? null;

/** The parts of its folder that git reads. */
const parts = "HEAD commondir config config.worktree index info logs objects packed-refs refs shallow".split(
  " ",
);

const leadsOut = (gitFolder: string, name: string): boolean => {
  const path = join(gitFolder, name);
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return false;
  try {
    return !isWithin(realpathSync(gitFolder), realpathSync(path));
  } catch {
    return true;
  }
};

/**
 * Whether git would read objects of another repository, as `objects/info/alternates` names it. A branch
 * that names a commit there would show that repository.
 */
export const borrowsObjects = ({ gitFolder }: Repository): boolean => {
  const common = resolve(gitFolder, firstLine(gitFolder, "commondir") ?? ".");
  return lstatSync(join(common, "objects", "info", "alternates"), { throwIfNoEntry: false }) !== undefined;
};

/** A repository whose folder is the working tree's own, and so is everything in it. */
const whole = (root: string): Repository | null => {
  const gitFolder = join(root, ".git");
  const isOwn =
    firstLine(gitFolder, "commondir") === null && !parts.some((name) => leadsOut(gitFolder, name));
  return isOwn ? { root, gitFolder } : null;
};

/** Whether the folder that working trees share is around the folder of this one, as git creates it. */
const sharesWithOwner = (gitFolder: string): boolean => {
  const common = firstLine(gitFolder, "commondir");
  return (
    common !== null && realpathSync(resolve(gitFolder, common)) === dirname(dirname(realpathSync(gitFolder)))
  );
};

/** Of a linked working tree, which its repository names, or of a submodule, inside its parent's. */
const linkedRepository = (root: string): Repository | null => {
  const named = /^gitdir: (.+)$/m.exec(firstLine(root, ".git") ?? "")?.[1];
  if (named === undefined) return null;
  const gitFolder = resolve(root, named.trim());
  const back = firstLine(gitFolder, "gitdir");
  try {
    const isKnown =
      back !== null && realpathSync(resolve(gitFolder, back)) === realpathSync(join(root, ".git"));
    if (parts.some((name) => leadsOut(gitFolder, name))) return null;
    return (isKnown && sharesWithOwner(gitFolder)) || isSubmodule(root, gitFolder)
      ? { root, gitFolder }
      : null;
  } catch {
    return null;
  }
};

const isSubmodule = (root: string, gitFolder: string): boolean => {
  const around = dirname(root) === root ? null : repositoryOf(dirname(root));
  return (
    around !== null && isWithin(realpathSync(join(around.gitFolder, "modules")), realpathSync(gitFolder))
  );
};
