import { existsSync, lstatSync, readlinkSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { GitFiles } from "../../../schemas/git-files.ts";
import { dependencyPlace } from "../../workspace/dependencies.ts";
import { indexesOf } from "../../workspace/git.ts";
import { isWithin } from "../../workspace/paths.ts";
import { outerPnpRoot, pnpFiles, pnpRoot, pnpStores } from "../../workspace/pnp.ts";
import { surroundingsOf } from "../../workspace/surroundings.ts";

/** What of the machine's files a worker on a workspace needs to see. */
export interface Visible {
  /** Files and folders, the workspace first. */
  readable: string[];
  /** Those of them that are folders of source code, in which secrets may lie. */
  sources: string[];
}

/**
 * The workspace; what its tools resolve in the repository around it; the dependencies of the folders
 * above; and what git's ignore rules are made of, so that runtime and worker go by the same rules.
 */
export const visibleToWorker = (workspace: string, git: GitFiles | null): Visible => {
  const above = foldersAbove(workspace);
  const inRepository = git === null ? [] : above.filter((folder) => isWithin(git.root, folder));
  const { files, packages } = surroundingsOf(workspace, git);
  const wanted = [
    // A link in place of it must not lead to what is no dependency.
    ...[workspace, ...above, ...packages]
      .map((folder) => join(folder, "node_modules"))
      .filter((path) => dependencyPlace(workspace, path) !== null),
    ...pnpPlaces(workspace, git).filter(isNoLink),
    ...inRepository.map((folder) => join(folder, ".gitignore")).filter(isNoLink),
    ...(git === null ? [] : [...indexesOf(git), ...git.excludes.map(({ path }) => path)]),
  ];
  // A link is looked up by its own name, may lead to others, and in the end to its real place.
  const found = wanted
    .filter((path) => existsSync(path))
    .flatMap((path) => [path, ...linksFrom(path), realpathSync(path)]);
  const sources = [workspace, ...packages];
  const others = [...files, ...found].filter((path) => !sources.some((folder) => isWithin(folder, path)));
  return { readable: [...new Set([...sources, ...others])], sources };
};

/** Links are left out, as git does: a link would show the file that it leads to. */
const isNoLink = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === false;

/** The files that describe the packages of yarn's Plug'n'Play above the workspace, and the folders that store them. */
const pnpPlaces = (workspace: string, git: GitFiles | null): string[] => {
  const outer = outerPnpRoot(workspace, git);
  const files = outer === null ? [] : pnpFiles(outer);
  const root = outer ?? pnpRoot(workspace);
  return [...files, ...(root === null ? [] : pnpStores(root))];
};

/** The places that a link leads to, one after the other, up to the last that is a link itself. */
const linksFrom = (path: string, most = 8): string[] => {
  if (most === 0 || !lstatSync(path).isSymbolicLink()) return [];
  const next = resolve(dirname(path), readlinkSync(path));
  return [next, ...linksFrom(next, most - 1)];
};

/** The folders above one, the nearest first; not the root of the file system. */
const foldersAbove = (folder: string): string[] => {
  const above = dirname(folder);
  return above === dirname(above) ? [] : [above, ...foldersAbove(above)];
};
