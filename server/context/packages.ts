import { posix } from "node:path";
import { z } from "zod";
import { matchStar, nearest, readConfiguration } from "./configuration.ts";
import type { WorkspaceIndex } from "./workspace-index.ts";

/** Maximum number of packages of a workspace that are found by name. */
const MOST_PACKAGES = 1000;

const Manifest = z.object({
  name: z.string().optional(),
  main: z.string().optional(),
  exports: z.unknown().optional(),
  imports: z.unknown().optional(),
});
type Manifest = z.infer<typeof Manifest>;

interface Package {
  folder: string;
  manifest: Manifest;
}

/** The targets of `exports` or `imports` in a package.json; of several conditions, all paths in order. */
const targetsOf = (map: unknown, name: string): string[] => {
  if (typeof map === "string") return name === "." ? [map] : [];
  if (map === null || typeof map !== "object") return [];
  const isByName = Object.keys(map).some((key) => key.startsWith(".") || key.startsWith("#"));
  if (!isByName) return name === "." ? pathsIn(map) : [];
  return Object.entries(map).flatMap(([pattern, value]) => {
    const star = matchStar(pattern, name);
    return star === null ? [] : pathsIn(value).map((path) => path.replace("*", star));
  });
};

const pathsIn = (value: unknown): string[] => {
  if (typeof value === "string") return [value];
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(pathsIn) : [];
};

/** The package that contains a folder; null if there is none. */
const packageAt = (folder: string, index: WorkspaceIndex): Package | null => {
  const found = nearest("package.json", folder, index);
  const manifest = found === null ? null : readConfiguration(found.path, Manifest, index);
  return found === null || manifest === null ? null : { folder: found.folder, manifest };
};

const siblings = new WeakMap<WorkspaceIndex, Map<string, Package>>();

/** The workspace's packages by name; if several have the same name, the least deeply nested one. */
const packagesOf = (index: WorkspaceIndex): Map<string, Package> => {
  const found = siblings.get(index);
  if (found !== undefined) return found;
  const packages = new Map<string, Package>();
  const manifests = [...index.paths].filter((path) => /(^|\/)package\.json$/.test(path));
  const depth = (path: string): number => path.split("/").length;
  for (const path of manifests.sort((one, other) => depth(one) - depth(other)).slice(0, MOST_PACKAGES)) {
    const manifest = readConfiguration(path, Manifest, index);
    if (manifest?.name === undefined || packages.has(manifest.name)) continue;
    packages.set(manifest.name, { folder: posix.dirname(path), manifest });
  }
  siblings.set(index, packages);
  return packages;
};

const builtFolder = /^(\.\/)?(dist|build|out|lib|esm|cjs)\//;

/** The files of a package name or a subpath: the built file, and the sources that it is built from. */
const entriesOf = ({ folder, manifest }: Package, subpath: string): string[] => {
  const named = targetsOf(manifest.exports, subpath);
  const main =
    subpath === "." ? [...(manifest.main === undefined ? [] : [manifest.main]), "index"] : [subpath];
  const sources = [
    ...[...named, ...main]
      .filter((path) => builtFolder.test(path))
      .map((path) => path.replace(builtFolder, "src/")),
    ...(subpath === "." ? ["src/index"] : [`src/${subpath.slice(2)}`]),
  ];
  return [...named, ...main, ...sources].map((path) => posix.join(folder, path));
};

/** Where a name may lead by the package it is written in (also `#…`), or a package of the workspace. */
export const packageTargets = (name: string, folder: string, index: WorkspaceIndex): string[] => {
  const own = packageAt(folder, index);
  if (name.startsWith("#"))
    return own === null
      ? []
      : targetsOf(own.manifest.imports, name).map((path) => posix.join(own.folder, path));
  const packageName = name.split("/", name.startsWith("@") ? 2 : 1).join("/");
  const named = own?.manifest.name === packageName ? own : packagesOf(index).get(packageName);
  return named === undefined ? [] : entriesOf(named, `.${name.slice(packageName.length)}`);
};

/** The entry files of an imported folder with a package.json; empty if it has none. */
export const folderTargets = (folder: string, index: WorkspaceIndex): string[] => {
  const manifest = readConfiguration(posix.join(folder, "package.json"), Manifest, index);
  return manifest?.main === undefined ? [] : [posix.join(folder, manifest.main)];
};

/** The name of the package that a folder is in. */
export const packageNameAt = (folder: string, index: WorkspaceIndex): string | null =>
  packageAt(folder, index)?.manifest.name ?? null;
