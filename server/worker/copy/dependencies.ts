import { realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { dependencyPlace } from "../../workspace/dependencies.ts";
import { isWithin, relativePath } from "../../workspace/paths.ts";
import { isPnpFile } from "../../workspace/pnp.ts";
import { readFolder } from "../../workspace/walk.ts";
import type { LeftOut } from "./built.ts";
import type { PrivateCopy } from "./copy.ts";
import { environmentLinks, isEnvironment } from "./environment.ts";
import { remove } from "./files.ts";
import { makeLink, makeLinks, type Links } from "./links.ts";

/**
 * Makes a folder of dependencies available in the copy without copying it. `node_modules` and virtual environments
 * become real folders of links, so that caches of tools (`.vite`, `.cache`) stay in the copy. Any other folder
 * becomes one link. Links to packages that are folders of the workspace lead to the copy.
 */
export const linkDependencies = (copy: PrivateCopy, path: string): void => {
  if (isPnpFile(basename(path))) return; // `placePnp` makes it.
  const real = dependencyPlace(copy.source, join(copy.source, path));
  if (real === null) return;
  copy.dependencies.push(real);
  const target = join(copy.root, path);
  if (path.endsWith("node_modules")) makeLinks(target, packageLinks(copy, real));
  else if (isEnvironment(real)) makeLinks(target, environmentLinks(copy, real, target));
  else makeLink(target, real);
};

/**
 * Links the dependencies of the folders above the workspace and its repository. The links are next to the copy,
 * where Node looks last.
 */
export const linkOuterDependencies = (copy: PrivateCopy): void => {
  const links: Links = new Map();
  for (let folder = dirname(copy.git?.root ?? copy.source); ; folder = dirname(folder)) {
    const real = realpathOf(join(folder, "node_modules"));
    if (real !== null) {
      copy.dependencies.push(real);
      for (const [name, link] of packageLinks(copy, real)) if (!links.has(name)) links.set(name, link);
    }
    if (dirname(folder) === folder) break;
  }
  const target = join(dirname(copy.repository), "node_modules");
  if (links.size > 0) makeLinks(target, links);
  else remove(target);
};

/** Whether a name among the packages is a tool's cache. Generated folders such as `.prisma` are packages. */
const isCache = (name: string): boolean =>
  /^\.(cache|vite|vitest|vite-temp|turbo|yarn-integrity|yarn-state\.yml|package-lock\.json|modules\.yaml|pnpm)/.test(
    name,
  );

export const packageLinks = (copy: PrivateCopy, modules: string): Links => {
  const links: Links = new Map();
  for (const entry of readFolder(modules)) {
    const path = join(modules, entry.name);
    if (isCache(entry.name)) continue;
    if (entry.name.startsWith("@") && entry.isDirectory()) links.set(entry.name, packageLinks(copy, path));
    else links.set(entry.name, entry.isSymbolicLink() ? packageFolder(copy, path) : path);
  }
  return links;
};

/** The target of a linked package. It is in the copy if the package is a folder of the workspace. */
const packageFolder = (copy: PrivateCopy, path: string): string => {
  const real = realpathOf(path);
  if (real === null) return path;
  const sibling = copy.siblings.get(real);
  if (sibling !== undefined) return sibling;
  if (!isWithin(copy.source, real)) {
    if (dependencyPlace(copy.source, path) === null) copy.unreached.add(path);
    return path;
  }
  const inside = relativePath(copy.source, real);
  if (inside.split("/").includes("node_modules")) return path;
  copy.packages.add(inside);
  return join(copy.root, inside);
};

/** Linked packages that instances cannot reach, because their folders may contain more than packages. */
export const unreachedPackages = ({ source, unreached }: PrivateCopy): LeftOut[] =>
  [...unreached].map((path) => ({
    path: relativePath(source, path),
    reason: "it is a link to a folder outside of the repository",
  }));

/** The real path; null if nothing exists there. */
export const realpathOf = (path: string): string | null => {
  try {
    return realpathSync.native(path);
  } catch {
    return null;
  }
};
