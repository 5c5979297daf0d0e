import { readdirSync, type Dirent } from "node:fs";
import { join } from "node:path";
import type { IgnoreRules } from "./ignore.ts";
import { exists } from "./file-access.ts";
import { isPnpFile, isPnpStore } from "./pnp.ts";

/** What agents may see of one folder; all paths count from the workspace. */
export interface FolderListing {
  /** "" for the workspace itself. */
  folder: string;
  files: string[];
  folders: string[];
  /** Symbolic links, whatever their targets are. */
  links: string[];
  /** Installed dependencies: not walked into. */
  dependencies: string[];
}

const environmentNames = new Set([".venv", "venv", "env", ".env", "virtualenv"]);

/**
 * Whether installed dependencies are there, in a folder or described by a file of Plug'n'Play: reached in
 * place, never copied or searched.
 */
export const isDependency = (workspace: string, path: string): boolean => {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name === "node_modules" || name === "bower_components" || isPnpFile(name)) return true;
  if (isPnpStore(join(workspace, path))) return true;
  return environmentNames.has(name) && exists(join(workspace, path, "pyvenv.cfg"));
};

/**
 * Lists a workspace folder by folder, each before those in it, without what `rules` close. Made
 * to be paced: each step is one folder. A folder that cannot be read is empty.
 */
export function* walkWorkspace(workspace: string, rules: IgnoreRules): Generator<FolderListing, void> {
  const waiting = [""];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const listing = listFolder(workspace, folder, rules);
    waiting.push(...listing.folders);
    yield listing;
  }
}

const listFolder = (workspace: string, folder: string, rules: IgnoreRules): FolderListing => {
  const listing: FolderListing = { folder, files: [], folders: [], links: [], dependencies: [] };
  const entries = readFolder(join(workspace, folder));
  rules.enter(
    folder,
    entries.map((entry) => entry.name),
  );
  for (const entry of entries) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    const isLink = entry.isSymbolicLink();
    if (isDependency(workspace, path)) {
      listing.dependencies.push(path);
    } else if (rules.rule(path, entry.isDirectory()) === null) {
      if (entry.isDirectory()) listing.folders.push(path);
      else if (entry.isFile()) listing.files.push(path);
      else if (isLink) listing.links.push(path);
    }
  }
  return listing;
};

/** Entries of a folder; none if it is gone, is not a folder or may not be read. */
export const readFolder = (path: string): Dirent[] => {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
};
