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

/** The maximum number of mounts of a sandbox. Each mount takes longer than the one before. */
export const MOST_MOUNTS = 2000;

/**
 * Whether so many paths are hidden that a sandbox shows the other files one by one. It then does not see a
 * file that an editor replaces.
 */
export const showsFilesAlone = (hidden: readonly HiddenPath[]): boolean => hidden.length > MOST_MOUNTS;

/** How long a result is valid, so that starts at the same time share one walk. */
const FRESH_MS = 5000;
/** Files of a repository that ignore rules depend on. The others stay hidden: some contain credentials. */
const readOfGit: ReadonlySet<string> = new Set(["index", "info", "HEAD", "commondir", "gitdir"]);

const insideOfGit = async (folder: string): Promise<HiddenPath[]> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const hidden = entries
    .filter((entry) => !readOfGit.has(entry.name) && !entry.isSymbolicLink())
    .map((entry) => ({ path: join(folder, entry.name), isFolder: entry.isDirectory() }));
  const own = hidden.filter(({ path }) => basename(path) !== "modules");
  return own.length === hidden.length ? own : [...own, ...(await insideOfModules(join(folder, "modules")))];
};

/** The same for submodules, whose names can be paths. */
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

/** Whether programs are started from a folder. It stays visible, even if an ignore rule excludes it. */
const holdsPrograms = (folder: string): boolean =>
  (process.env.PATH ?? "").split(delimiter).some((path) => path !== "" && isWithin(folder, path));

/**
 * Whether a program of the user may listen at this path, as at a socket or pipe. Read-only access does not
 * prevent connecting or writing to it.
 */
const isWayOut = (entry: Dirent): boolean => !entry.isFile() && !entry.isDirectory();

/** Secrets in a folder whose other files are all visible. */
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

/** Finds hidden paths of a workspace. `maxAge` is how old an earlier result may be, in milliseconds. */
export type HiddenFinder = (workspace: string, maxAge?: number) => Promise<HiddenPath[]>;

/**
 * Finds the parts of a workspace that its private copy does not contain: secrets, the runtime's own
 * state, ignored files, and the inside of the repository. The workspace that a worker sees must not show
 * them either, because its commands could read them there. Dependencies stay visible, because commands use
 * them from there.
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
