import { existsSync, lstatSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { GitFiles } from "../../../schemas/git-files.ts";
import { dependencyPlace } from "../../workspace/dependencies.ts";

/**
 * What of the machine's files a worker on this workspace needs to see: the workspace, the
 * dependencies of the folders above it (a package of a monorepo uses them), and what git's ignore
 * rules are made of, so that runtime and worker go by the same rules.
 */
export const visibleToWorker = (workspace: string, git: GitFiles | null): string[] => {
  const above = foldersAbove(workspace);
  const inRepository = git === null ? [] : above.filter((folder) => isAtOrBelow(git.root, folder));
  const modules = dependencyPlace(workspace, join(workspace, "node_modules"));
  const wanted = [
    ...(modules === null ? [] : [join(workspace, "node_modules")]),
    ...above.map((folder) => join(folder, "node_modules")),
    ...inRepository.map((folder) => join(folder, ".gitignore")),
    ...(git === null ? [] : ruleFiles(git)),
  ];
  // A link is looked up by its own name, and leads to its real place.
  const found = wanted.filter((path) => existsSync(path)).flatMap((path) => [path, realpathSync(path)]);
  return [...new Set([workspace, ...found.filter((path) => !path.startsWith(`${workspace}/`))])];
};

/** Git's files, but no link of a repository's own folder: it could lead to anything of the user's. */
const ruleFiles = ({ index, excludes }: GitFiles): string[] => [
  ...[index].filter(isPlainFile),
  ...excludes
    .filter(({ name, path }) => name.startsWith("the user's") || isPlainFile(path))
    .map(({ path }) => path),
];

const isPlainFile = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** The folders above one, the nearest first; not the root of the file system. */
function foldersAbove(folder: string): string[] {
  const above = dirname(folder);
  return above === dirname(above) ? [] : [above, ...foldersAbove(above)];
}

const isAtOrBelow = (root: string, folder: string): boolean =>
  folder === root || folder.startsWith(`${root}/`);
