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
    if (found?.isDirectory() === true) return { root, gitFolder: join(root, ".git") };
    if (found?.isFile() === true) return linkedRepository(root);
    if (found !== undefined || dirname(root) === root) return null;
  }
};

const firstLine = (folder: string, name: string): string | null =>
  readIfPossible(folder, name, { most: 4096 })?.toString("utf8").trim() ?? null;

/** Of a linked working tree, which its repository names, or of a submodule, inside its parent's. */
const linkedRepository = (root: string): Repository | null => {
  const named = /^gitdir: (.+)$/m.exec(firstLine(root, ".git") ?? "")?.[1];
  if (named === undefined) return null;
  const gitFolder = resolve(root, named.trim());
  const back = firstLine(gitFolder, "gitdir");
  try {
    const isKnown =
      back !== null && realpathSync(resolve(gitFolder, back)) === realpathSync(join(root, ".git"));
    return isKnown || isSubmodule(root, gitFolder) ? { root, gitFolder } : null;
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
