import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { GitFiles } from "../../../schemas/git-files.ts";

/**
 * What of the machine's files a worker on this workspace needs to see: the workspace, the
 * dependencies of the folders above it (a package of a monorepo uses them), and what git's ignore
 * rules are made of, so that runtime and worker go by the same rules.
 */
export const visibleToWorker = (workspace: string, git: GitFiles | null): string[] => {
  const above = foldersAbove(workspace);
  const inRepository = git === null ? [] : above.filter((folder) => isAtOrBelow(git.root, folder));
  const wanted = [
    join(workspace, "node_modules"),
    ...above.map((folder) => join(folder, "node_modules")),
    ...inRepository.map((folder) => join(folder, ".gitignore")),
    ...(git === null ? [] : [git.index, ...git.excludes.map(({ path }) => path)]),
  ];
  // A link is looked up by its own name, and leads to its real place.
  const found = wanted.filter((path) => existsSync(path)).flatMap((path) => [path, realpathSync(path)]);
  return [...new Set([workspace, ...found.filter((path) => !path.startsWith(`${workspace}/`))])];
};

/** The folders above one, the nearest first; not the root of the file system. */
function foldersAbove(folder: string): string[] {
  const above = dirname(folder);
  return above === dirname(above) ? [] : [above, ...foldersAbove(above)];
}

const isAtOrBelow = (root: string, folder: string): boolean =>
  folder === root || folder.startsWith(`${root}/`);
