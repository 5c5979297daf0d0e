import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import type { GitFiles } from "../../schemas/git-files.ts";
import { dependencyPlace } from "./dependencies.ts";
import { exists } from "./file-access.ts";
import { isWithin } from "./paths.ts";
import { readZipEntry } from "./zip-entry.ts";

/** The script by which yarn's Plug'n'Play tells Node where packages are, because there is no `node_modules`. */
export const PNP_SCRIPT = ".pnp.cjs";
const DATA = ".pnp.data.json";
const LOADER = ".pnp.loader.mjs";

/** The files that `yarn install` makes for Plug'n'Play. */
export const isPnpFile = (name: string): boolean => name === PNP_SCRIPT || name === DATA || name === LOADER;

/** The possible Plug'n'Play files of a folder; they may not exist. */
export const pnpFiles = (folder: string): string[] =>
  [PNP_SCRIPT, DATA, LOADER, ".yarnrc.yml"].map((name) => join(folder, name));

/** Whether a folder holds the packages of a Plug'n'Play project: `.yarn/cache`. */
export const isPnpStore = (folder: string): boolean =>
  /(^|\/)\.yarn\/(cache|unplugged)$/.test(folder) && exists(join(folder, "../..", PNP_SCRIPT));

const locks = ["package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock"];

/**
 * The nearest folder, from this one up, whose packages are installed by Plug'n'Play; null: there is none
 * in the project that the folder belongs to.
 */
export const pnpRoot = (folder: string): string | null => {
  for (let at = folder; ; at = dirname(at)) {
    if (exists(join(at, PNP_SCRIPT))) return at;
    if (dirname(at) === at || locks.some((name) => exists(join(at, name)))) return null;
  }
};

/** The same for a workspace that is a folder of its repository, where the project lies above it. */
export const outerPnpRoot = (workspace: string, git: GitFiles | null): string | null => {
  const root = git === null ? null : pnpRoot(workspace);
  return root !== null && root !== workspace && git !== null && isWithin(git.root, root) ? root : null;
};

const Reference = z.union([z.string(), z.null(), z.tuple([z.string(), z.string()])]);
const Package = z.object({
  packageLocation: z.string(),
  packageDependencies: z.array(z.tuple([z.string(), Reference])),
  linkType: z.string().optional(),
});
const Data = z.object({
  packageRegistryData: z.array(
    z.tuple([z.string().nullable(), z.array(z.tuple([z.string().nullable(), Package]))]),
  ),
});
type Data = z.infer<typeof Data>;
type Package = z.infer<typeof Package>;

const known = new Map<string, { stamp: string; data: Data | null }>();

/** The data about packages that `yarn install` wrote. The script is read but never run. */
const dataOf = (root: string): Data | null => {
  const stamp = [PNP_SCRIPT, DATA].map((name) => stampOf(join(root, name))).join(" ");
  const found = known.get(root);
  if (found?.stamp === stamp) return found.data;
  const data = readData(root);
  known.set(root, { stamp, data });
  return data;
};

const stampOf = (path: string): string => {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? "" : `${stats.mtimeMs} ${stats.size}`;
};

const MOST_BYTES = 64 * 1024 * 1024;

/** The text of a regular file. Reading a pipe would never end. */
const textOf = (path: string): string => {
  const stats = statSync(path);
  if (!stats.isFile() || stats.size > MOST_BYTES) throw new Error(`${path} is not a file of yarn.`);
  return readFileSync(path, "utf8");
};

const readData = (root: string): Data | null => {
  try {
    const text = exists(join(root, DATA))
      ? textOf(join(root, DATA))
      : inlinedData(textOf(join(root, PNP_SCRIPT)));
    return Data.parse(JSON.parse(text));
  } catch {
    return null;
  }
};

/** The data within the script: a string in single quotes, of which each line but the last ends with `\`. */
const inlinedData = (script: string): string => {
  const begin = script.indexOf("'{\\\n");
  const end = script.indexOf("\\\n}'", begin);
  return script
    .slice(begin + 1, end + 3)
    .replace(/\\(\n|.)/g, (_, each: string) => (each === "\n" ? "" : each));
};

/** Workspaces of the project, as absolute folders. */
export const pnpWorkspaces = (root: string): string[] => [
  ...new Set(
    allPackages(root).flatMap((each) => (isWorkspace(each) ? [resolve(root, each.packageLocation)] : [])),
  ),
];

const allPackages = (root: string): Package[] =>
  (dataOf(root)?.packageRegistryData ?? []).flatMap(([, references]) => references.map(([, each]) => each));

const isWorkspace = ({ linkType, packageLocation }: Package): boolean =>
  linkType === "SOFT" && !packageLocation.includes("__virtual__/") && !packageLocation.startsWith("../");

/**
 * Where the packages are that a folder may use by name: those its own package names, and those of the
 * project's root. A package of a workspace is a folder, any other is in an archive.
 */
export const pnpPackages = (folder: string): Map<string, string> => {
  const root = pnpRoot(folder);
  const places = new Map<string, string>();
  if (root === null) return places;
  const workspaces = allPackages(root).filter(isWorkspace);
  for (const at of foldersFrom(folder, root)) {
    for (const { packageLocation, packageDependencies } of workspaces) {
      if (resolve(root, packageLocation) !== at) continue;
      for (const [name, reference] of packageDependencies) {
        const place = placeOf(root, name, reference);
        if (place !== null && !places.has(name)) places.set(name, place);
      }
    }
  }
  return places;
};

const foldersFrom = (folder: string, root: string): string[] =>
  folder === root || dirname(folder) === folder ? [root] : [folder, ...foldersFrom(dirname(folder), root)];

const placeOf = (root: string, asked: string, reference: z.infer<typeof Reference>): string | null => {
  if (reference === null) return null;
  const [name, version] = Array.isArray(reference) ? reference : [asked, reference];
  const ofName = dataOf(root)?.packageRegistryData.find(([each]) => each === name)?.[1];
  const location = ofName?.find(([each]) => each === version)?.[1].packageLocation;
  return location === undefined ? null : resolve(root, location);
};

const virtual = /^(.*?)(?:__virtual__|\$\$virtual)\/([^/]+)\/(\d{1,3})\/(.*)$/;

/** The real place of a package. A package with peers has one place for each set of peers. */
const realPlace = (place: string): string => {
  const [, base = "", , depth = "0", rest = ""] = virtual.exec(place) ?? [];
  return base === "" ? place : resolve(base, "../".repeat(Number(depth)), rest);
};

/** A file of a package, in a folder or in an archive of yarn's cache; null if it does not exist. */
export const readPnpFile = (place: string, name: string): Buffer | null => {
  const file = join(realPlace(place), name);
  const archive = file.indexOf(".zip/");
  if (archive >= 0) return readZipEntry(file.slice(0, archive + 4), file.slice(archive + 5));
  try {
    return readFileSync(file);
  } catch {
    return null;
  }
};

/**
 * Real folders outside of the project's packages in which yarn keeps archives; they may be read. In the project
 * only yarn's own folders count: its files could name any other one, with secrets in it.
 */
export const pnpStores = (root: string): string[] => {
  const folders = new Set<string>();
  for (const { packageLocation } of allPackages(root)) {
    const place = realPlace(resolve(root, packageLocation));
    const archive = place.indexOf(".zip/");
    if (archive >= 0) folders.add(dirname(place.slice(0, archive)));
    else if (isWithin(join(root, ".yarn/unplugged"), place)) folders.add(join(root, ".yarn/unplugged"));
  }
  return [...folders].filter((folder) => {
    const real = dependencyPlace(root, folder);
    return real !== null && (isPnpStore(folder) || !isWithin(realpathSync.native(root), real));
  });
};

/**
 * The text of a file of Plug'n'Play for another place of the project: packages of the project itself are
 * at the same place in it, archives stay where they are.
 */
export const relocatedPnp = (text: string, from: string, to: string): string =>
  text.replace(
    /("packageLocation":\s*")([^"\\]*)"/g,
    (_, before: string, location: string) => `${before}${relocate(location, from, to)}"`,
  );

const relocate = (location: string, from: string, to: string): string => {
  const real = realPlace(resolve(from, location));
  const isKept = real.includes(".zip/") || isWithin(join(from, ".yarn/unplugged"), real);
  if (!isKept) return location;
  const slashed = `${realOf(real)}/`;
  const [, base = "", id = ""] = virtual.exec(location) ?? [];
  // Both paths are relative to the root of the file system, which is the same everywhere.
  const up = (folder: string): number => folder.split("/").filter((part) => part !== "").length;
  if (id === "") return `./${"../".repeat(up(to))}${slashed.slice(1)}`.replace(/^\.\/(?=\.\.\/)/, "");
  return `${base}__virtual__/${id}/${up(resolve(to, base))}${slashed}`;
};

/** The place without links above the archive, because Node and yarn compare resolved places. */
const realOf = (place: string): string => {
  const archive = place.indexOf(".zip/");
  const outer = archive < 0 ? place : place.slice(0, archive + 4);
  try {
    return realpathSync.native(outer) + place.slice(outer.length);
  } catch {
    return place;
  }
};

/** The options that Node needs to find the packages of a folder; null if it finds them by itself. */
export const pnpOptions = (folder: string): string | null => {
  const root = pnpRoot(folder);
  if (root === null) return null;
  const loader = join(root, LOADER);
  const options = [`--require ${JSON.stringify(join(root, PNP_SCRIPT))}`];
  if (exists(loader)) options.push(`--experimental-loader ${pathToFileURL(loader).href}`);
  return options.join(" ");
};
