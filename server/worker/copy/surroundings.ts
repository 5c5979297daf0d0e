import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { builtInRule, ignoreRules } from "../../workspace/ignore.ts";
import { entryPlaces } from "../../workspace/package-entries.ts";
import { relativePath } from "../../workspace/paths.ts";
import { isPnpFile } from "../../workspace/pnp.ts";
import { surroundingsOf } from "../../workspace/surroundings.ts";
import { isDependency } from "../../workspace/walk.ts";
import type { LeftOut } from "./built.ts";
import type { PrivateCopy } from "./copy.ts";
import { packageLinks, realpathOf } from "./dependencies.ts";
import { ownEntries, remove } from "./files.ts";
import { makeLinks } from "./links.ts";
import { syncFile, syncTree, type Room } from "./sync.ts";

const MOST_OF_A_PACKAGE: Room = { bytes: 64 * 1024 * 1024, files: 5000 };

/**
 * Rebuilds around the copy what the workspace's tools resolve above it: configuration, sibling packages with their
 * output, and installed packages. Relative paths are the same, so `../../tsconfig.base.json` leads to the same file as
 * for the user. Nothing outside the copy is part of a change set.
 */
export const copySurroundings = (copy: PrivateCopy): LeftOut[] => {
  const { git } = copy;
  const { folders, files, packages } = surroundingsOf(copy.source, git);
  if (git === null || folders.length === 0) return [];
  const mirrored = (path: string): string => join(copy.repository, relativePath(git.root, path));
  copy.siblings = new Map(packages.map((folder) => [folder, mirrored(folder)]));
  for (const folder of folders) {
    const expected = [...files, ...packages, copy.source].filter((path) => path.startsWith(`${folder}/`));
    const names = new Set(expected.map((path) => path.slice(folder.length + 1).split("/", 1)[0]));
    mkdirSync(mirrored(folder), { recursive: true });
    for (const { name } of ownEntries(mirrored(folder))) {
      if (!names.has(name) && name !== "node_modules" && !isPnpFile(name))
        remove(join(mirrored(folder), name));
    }
    linkPackages(copy, folder, mirrored(folder));
  }
  for (const file of files) {
    mkdirSync(dirname(mirrored(file)), { recursive: true });
    syncFile(copy, file, mirrored(file));
  }
  return packages.flatMap((folder) => copyPackage(copy, folder, mirrored(folder)));
};

const copyPackage = (copy: PrivateCopy, folder: string, target: string): LeftOut[] => {
  const rules = ignoreRules(folder, copy.git);
  const built = entryPlaces(folder).map((place) => join(folder, place));
  const isBuilt = (path: string): boolean =>
    built.some((place) => path === place || path.startsWith(`${place}/`));
  const isWanted = (path: string, isFolder: boolean): boolean => {
    const inside = relativePath(folder, path);
    if (isDependency(folder, inside) || builtInRule(inside, isFolder) !== null) return false;
    const rule = rules.closedBy(inside) ?? (isFolder ? rules.rule(inside, true) : null);
    return rule === null || (isBuilt(path) && !rule.endsWith(".coditectignore"));
  };
  mkdirSync(target, { recursive: true });
  const isWhole = syncTree(copy, folder, target, { ...MOST_OF_A_PACKAGE }, isWanted);
  linkPackages(copy, folder, target);
  const path = relativePath(copy.source, folder);
  return isWhole ? [] : [{ path, reason: "it holds more than 64 MB or 5,000 files" }];
};

const linkPackages = (copy: PrivateCopy, folder: string, target: string): void => {
  const modules = realpathOf(join(folder, "node_modules"));
  if (modules === null) {
    remove(join(target, "node_modules"));
    return;
  }
  copy.dependencies.push(modules);
  makeLinks(join(target, "node_modules"), packageLinks(copy, modules));
};
