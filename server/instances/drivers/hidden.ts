import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, delimiter, join } from "node:path";
import { builtInRule, closesToAgents, ignoreRules } from "../../workspace/ignore.ts";
import { entryPlaces, isBuiltEntry } from "../../workspace/package-entries.ts";
import { isWithin, relativePath } from "../../workspace/paths.ts";
import { isDependency } from "../../workspace/walk.ts";

/** A part of a workspace that looks empty to its workers. */
export interface HiddenPath {
  path: string;
  isFolder: boolean;
}

/** Most mounts that a sandbox is started with: each takes longer than the one before. */
export const MOST_MOUNTS = 2000;

/**
 * Whether so much is hidden that a sandbox shows the other files one by one: a file that an editor
 * replaces is then not seen.
 */
export const showsFilesAlone = (hidden: readonly HiddenPath[]): boolean => hidden.length > MOST_MOUNTS;

/** How long a result is valid: starts at the same time share one walk. */
const FRESH_MS = 5000;
/**
 * The files of a repository that ignore rules come from; its configuration and credentials are not among
 * them.
 */
const readOfGit: ReadonlySet<string> = new Set(["index", "info", "HEAD", "commondir", "gitdir"]);

const insideOfGit = async (folder: string): Promise<HiddenPath[]> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const hidden = entries
    .filter((entry) => !readOfGit.has(entry.name) && !entry.isSymbolicLink())
    .map((entry) => ({ path: join(folder, entry.name), isFolder: entry.isDirectory() }));
  const own = hidden.filter(({ path }) => basename(path) !== "modules");
  return own.length === hidden.length ? own : [...own, ...(await insideOfModules(join(folder, "modules")))];
};

/** The same for submodules, whose names may be paths. */
const insideOfModules = async (folder: string): Promise<HiddenPath[]> => {
  const hidden: HiddenPath[] = [];
  const folders = [folder];
  for (const at of folders) {
    const entries = await readdir(at, { withFileTypes: true }).catch(() => []);
    if (entries.some(({ name }) => name === "HEAD")) {
      hidden.push(...(await insideOfGit(at)));
      continue;
    }
    for (const entry of entries.filter((each) => !each.isSymbolicLink())) {
      if (entry.isDirectory()) folders.push(join(at, entry.name));
      else hidden.push({ path: join(at, entry.name), isFolder: false });
    }
  }
  return hidden;
};

/** Folders that programs are started from remain, even if a rule of git excludes them. */
const holdsPrograms = (folder: string): boolean =>
  (process.env.PATH ?? "").split(delimiter).some((path) => path !== "" && isWithin(folder, path));

/**
 * Whether a program of the user's may listen there: a socket or a pipe. That it is shown read-only keeps
 * nobody from connecting or writing to it.
 */
const isWayOut = (entry: Dirent): boolean => !entry.isFile() && !entry.isDirectory();

/** Secrets in a folder whose other files are all shown. */
const secretsIn = async (folder: string): Promise<HiddenPath[]> => {
  const secrets: HiddenPath[] = [];
  const folders = [folder];
  for (const at of folders) {
    for (const entry of await readdir(at, { withFileTypes: true }).catch(() => [])) {
      const isFolder = entry.isDirectory();
      const path = join(at, entry.name);
      if (entry.isSymbolicLink()) continue;
      if (isWayOut(entry) || builtInRule(relativePath(folder, path), isFolder) !== null)
        secrets.push({ path, isFolder });
      else if (isFolder) folders.push(path);
    }
  }
  return secrets;
};

const walk = async (workspace: string): Promise<HiddenPath[]> => {
  const rules = ignoreRules(workspace);
  const hidden: HiddenPath[] = [];
  const folders = [""];
  for (const folder of folders) {
    const entries = await readdir(join(workspace, folder), { withFileTypes: true }).catch(() => []);
    rules.enter(
      folder,
      entries.map(({ name }) => name),
    );
    const isPackage = entries.some(({ name }) => name === "package.json");
    const built = new Set(isPackage ? entryPlaces(join(workspace, folder)) : []);
    for (const entry of entries) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      const place = join(workspace, path);
      const isFolder = entry.isDirectory();
      if (entry.isSymbolicLink()) continue;
      if (isWayOut(entry)) hidden.push({ path: place, isFolder });
      else if (entry.name === ".git" && isFolder) hidden.push(...(await insideOfGit(place)));
      else if (!isDependency(workspace, path)) {
        const rule = rules.rule(path, isFolder);
        const isUsed =
          rule !== null && !closesToAgents(rule) && (entry.name === ".git" || holdsPrograms(place));
        if (built.has(entry.name) && isBuiltEntry(rule)) hidden.push(...(await secretsIn(place)));
        else if (rule !== null && !isUsed) hidden.push({ path: place, isFolder });
        else if (rule === null && isFolder) folders.push(path);
      }
    }
  }
  return hidden;
};

/** `maxAge`: how old an earlier result may be, in milliseconds. */
export type HiddenFinder = (workspace: string, maxAge?: number) => Promise<HiddenPath[]>;

/**
 * Finds the parts of a workspace that its private copy does not contain: secrets, the runtime's own
 * state, ignored files, and the inside of the repository. The workspace that a worker sees must not show
 * them either, because its commands could read them there. Dependencies remain: they are used in place.
 */
export const createHiddenFinder = (): HiddenFinder => {
  const found = new Map<string, { at: number; hidden: Promise<HiddenPath[]> }>();
  return (workspace, maxAge = FRESH_MS) => {
    const known = found.get(workspace);
    if (known !== undefined && performance.now() - known.at < maxAge) return known.hidden;
    const hidden = walk(workspace);
    found.set(workspace, { at: performance.now(), hidden });
    return hidden;
  };
};
