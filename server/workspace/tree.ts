import { lstatSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Stats } from "node:fs";
import { builtInRule, ignoreRules } from "./ignore.ts";
import { entryPlaces, isBuiltEntry } from "./package-entries.ts";
import { isWithin } from "./paths.ts";
import { readFolder, walkWorkspace } from "./walk.ts";

/** A file, folder or link of this machine in the form that is sent to an engine that cannot see it. */
export interface TreeEntry {
  /** Absolute, the same on both sides. */
  path: string;
  type: "file" | "directory" | "symlink";
  executable: boolean;
  /** Bytes of a file; 0 for others. */
  size: number;
  /** What a link points to. */
  target: string | null;
  /** Differs between two states of it. */
  stamp: string;
}

/** A part of a tree that is checked as a whole. */
export interface TreePart {
  path: string;
  /** While it is the same, nothing in this part has changed; null: it has to be looked at. */
  stamp: string | null;
  /** One list per folder, each before those in it, so that the walk can be paced. */
  entries(): Iterable<TreeEntry[]>;
}

const statOf = (path: string): Stats | null => {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
};

const entryOf = (path: string): TreeEntry[] => {
  const stats = statOf(path);
  if (stats === null) return [];
  const executable = (stats.mode & 0o111) !== 0;
  const size = stats.isFile() ? stats.size : 0;
  const shared = {
    path,
    executable,
    size,
    stamp: `${stats.size} ${stats.mtimeMs} ${stats.ctimeMs} ${stats.ino}`,
  };
  if (stats.isFile()) return [{ ...shared, type: "file", target: null }];
  // A folder's time changes with every file in it, even if the folder itself does not change.
  if (stats.isDirectory()) return [{ ...shared, type: "directory", target: null, stamp: "" }];
  return stats.isSymbolicLink() ? [{ ...shared, type: "symlink", target: readlinkSync(path) }] : [];
};

/** Everything in a folder that is wanted by its name, or the file alone. */
function* wholeOf(
  root: string,
  isWanted: (name: string, isFolder: boolean) => boolean = () => true,
): Generator<TreeEntry[], void> {
  yield entryOf(root);
  const folders = statOf(root)?.isDirectory() === true ? [root] : [];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = readFolder(folder)
      .filter((entry) => isWanted(entry.name, entry.isDirectory()))
      .flatMap(({ name }) => entryOf(join(folder, name)));
    folders.push(...entries.filter(({ type }) => type === "directory").map(({ path }) => path));
    yield entries;
  }
}

/** Files package managers rewrite whenever they change what is installed. */
const installRecords = [
  ".package-lock.json",
  ".modules.yaml",
  ".yarn-state.yml",
  ".yarn-integrity",
  "pyvenv.cfg",
];

/** Installed dependencies: many files that change together, so that their record is asked alone. */
const dependencies = (path: string): TreePart => {
  const records = [path, ...installRecords.map((name) => join(path, name))].map(statOf);
  const stamp = records.map((stats) => (stats === null ? "" : `${stats.mtimeMs} ${stats.ctimeMs}`)).join();
  return { path, stamp, entries: () => wholeOf(path) };
};

/** The workspace without what its ignore rules and the built-in list of secrets close. */
function* openFiles(workspace: string, found: string[]): Generator<TreeEntry[], void> {
  const rules = ignoreRules(workspace);
  for (const listing of walkWorkspace(workspace, rules)) {
    found.push(...listing.dependencies.map((path) => join(workspace, path)));
    const paths = [...listing.folders, ...listing.files, ...listing.links];
    const own = listing.folder === "" ? [workspace] : [];
    yield [...own, ...paths.map((path) => join(workspace, path))].flatMap(entryOf);
    if (!listing.files.some((path) => /(^|\/)package\.json$/.test(path))) continue;
    for (const place of entryPlaces(join(workspace, listing.folder))) {
      const path = listing.folder === "" ? place : `${listing.folder}/${place}`;
      if (isBuiltEntry(rules.closedBy(path) ?? rules.rule(path, true)))
        yield* wholeOf(join(workspace, path), (name, isFolder) => builtInRule(name, isFolder) === null);
    }
  }
}

/**
 * What of this machine a worker on a workspace needs, in parts: `readable` as `visibleToWorker`
 * names it. An engine elsewhere is never sent what a private copy would not contain. A part may
 * tell of further ones only after its entries were read, so the list is to be walked in order.
 */
export function* treeParts(workspace: string, readable: readonly string[]): Generator<TreePart, void> {
  const found: string[] = [];
  yield { path: workspace, stamp: null, entries: () => openFiles(workspace, found) };
  // With these, the worker also knows the repository's root and what git ignores.
  const git = ["info/exclude", "HEAD"].map((name) => join(workspace, ".git", name));
  yield* fileParts(git.filter((path) => statOf(path) !== null));
  const outer = readable.filter((path) => path !== workspace && !found.includes(path));
  for (const path of [...found, ...outer]) yield dependencies(path);
}

/** Files that are needed by themselves. */
export const fileParts = (paths: readonly string[]): TreePart[] =>
  paths.map((path) => ({ path, stamp: null, entries: () => wholeOf(path) }));

/**
 * Folders to mount so that all of `readable` is at its own place: as few as possible, and none inside
 * another.
 */
export const mountFolders = (readable: readonly string[]): string[] => {
  const folders = readable.map((path) => (statOf(path)?.isDirectory() === true ? path : dirname(path)));
  const unique = [...new Set(folders)];
  return unique.filter((folder) => !unique.some((other) => other !== folder && isWithin(other, folder)));
};
