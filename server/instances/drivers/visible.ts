import { existsSync, lstatSync, readlinkSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { GitFiles } from "../../../schemas/git-files.ts";
import { dependencyPlace } from "../../workspace/dependencies.ts";
import { indexesOf } from "../../workspace/git.ts";
import { isWithin } from "../../workspace/paths.ts";
import { outerPnpRoot, pnpFiles, pnpRoot, pnpStores } from "../../workspace/pnp.ts";
import { surroundingsOf } from "../../workspace/surroundings.ts";

/** The files of this machine that a worker on a workspace needs to see. */
export interface Visible {
  /** Files and folders, the workspace first. */
  readable: string[];
  /** The folders among them that contain source code, and therefore possibly secrets. */
  sources: string[];
}

/**
 * Finds what a worker needs to see: the workspace, what its tools resolve in the repository around it, the
 * dependencies of the folders above, and the sources of git's ignore rules, so that runtime and worker
 * apply the same rules.
 */
export const visibleToWorker = (workspace: string, git: GitFiles | null): Visible => {
  const above = foldersAbove(workspace);
  const inRepository = git === null ? [] : above.filter((folder) => isWithin(git.root, folder));
  const { files, packages } = surroundingsOf(workspace, git);
  const wanted = [
    // A link instead of the folder must not lead to other files than dependencies.
    ...[workspace, ...above, ...packages]
      .map((folder) => join(folder, "node_modules"))
      .filter((path) => dependencyPlace(workspace, path) !== null),
    ...pnpPlaces(workspace, git).filter(isNoLink),
    ...inRepository.map((folder) => join(folder, ".gitignore")).filter(isNoLink),
    ...(git === null ? [] : [...indexesOf(git), ...git.excludes.map(({ path }) => path)]),
  ];
  // Programs look a link up by its own name and follow it, so all of its targets must be visible.
  const found = wanted
    .filter((path) => existsSync(path))
    .flatMap((path) => [path, ...linksFrom(path), realpathSync(path)]);
  const sources = [workspace, ...packages];
  const others = [...files, ...found].filter((path) => !sources.some((folder) => isWithin(folder, path)));
  return { readable: [...new Set([...sources, ...others])], sources };
};

/** Links are left out, as in git, because a link would show its target. */
const isNoLink = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === false;

/** The files above the workspace that describe yarn's Plug'n'Play packages, and the folders that store them. */
const pnpPlaces = (workspace: string, git: GitFiles | null): string[] => {
  const outer = outerPnpRoot(workspace, git);
  const files = outer === null ? [] : pnpFiles(outer);
  const root = outer ?? pnpRoot(workspace);
  return [...files, ...(root === null ? [] : pnpStores(root))];
};

/** The targets of a link and of the links that it leads to, in this order. */
const linksFrom = (path: string, most = 8): string[] => {
  if (most === 0 || !lstatSync(path).isSymbolicLink()) return [];
  const next = resolve(dirname(path), readlinkSync(path));
  return [next, ...linksFrom(next, most - 1)];
};

/** The folders above a folder, the nearest first, without the root of the file system. */
const foldersAbove = (folder: string): string[] => {
  const above = dirname(folder);
  return above === dirname(above) ? [] : [above, ...foldersAbove(above)];
};
