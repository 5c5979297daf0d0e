import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FileChange } from "../../../schemas/changes.ts";
import { toFileContent } from "../../workspace/encoding.ts";
import { pacer } from "../../workspace/pace.ts";
import { isDependency, readFolder } from "../../workspace/walk.ts";
import { originalOf, recordedState, type PrivateCopy } from "./copy.ts";
import { isFree, sha256 } from "./files.ts";
import { isExecutable, isSettled, stampOf, statFile } from "./stamp.ts";

/** Most bytes of one changed file: a larger one was generated. */
const LARGEST_FILE = 8 * 1024 * 1024;

const generated =
  /(^|\/)(coverage|htmlcov|__pycache__|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.nyc_output|\.vite|\.vitest|\.cache|\.turbo|test-results|playwright-report)(\/|$)|\.(pyc|pyo|tsbuildinfo|log)$|(^|\/)(\.coverage(\..+)?|\.DS_Store|.*\.coditect-tmp)$/;

/** Whether programs put files of that name there on their own: coverage, caches, logs. */
export const isGenerated = (path: string): boolean => generated.test(path);

/** What a program changed in the copy, apart from what the agents' tools wrote. */
export interface Difference {
  /** Files as they are now; `before` counts from the workspace, as in a change set. */
  files: FileChange[];
  /** New or changed links, and files too large to be written by hand: no change can express them. */
  foreign: string[];
}

/**
 * Compares the copy on disk with what it should contain: source and overlays, and over them what agents'
 * tools wrote. New files that are ignored, dependencies or generated are left out. A file that should
 * exist is compared wherever it is. Only files whose stamp changed are read.
 * Errors: `cancelled`.
 */
export const differenceOf = async (copy: PrivateCopy, signal: AbortSignal): Promise<Difference> => {
  const pace = pacer("comparing the copy", signal);
  const found: Difference = { files: [], foreign: [] };
  const seen = new Set<string>();
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of readFolder(join(copy.root, folder))) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (!isKnown(copy, path) && isNobodys(copy, path, entry.isDirectory())) continue;
      if (entry.isDirectory()) {
        folders.push(path);
        continue;
      }
      if (entry.isFile()) compareFile(copy, path, found);
      else if (!copy.links.has(path)) found.foreign.push(path);
      seen.add(path);
    }
    await pace();
  }
  for (const path of new Set([...copy.base.keys(), ...copy.overlays.keys(), ...copy.written.keys()])) {
    if (!seen.has(path)) compareUnseen(copy, path, found);
  }
  found.foreign.push(...[...copy.links.keys()].filter((path) => !seen.has(path)));
  found.files.sort((one, other) => (one.path < other.path ? -1 : 1));
  return found;
};

const isKnown = (copy: PrivateCopy, path: string): boolean =>
  copy.written.has(path) || originalOf(copy, path) !== null || copy.links.has(path);

/** A folder that is skipped here may still hold files of the workspace: see `compareUnseen`. */
const isNobodys = (copy: PrivateCopy, path: string, isFolder: boolean): boolean =>
  isGenerated(path) || isDependency(copy.source, path) || copy.rules.rule(path, isFolder) !== null;

/** A file that no longer exists, or is in a folder that was skipped. */
const compareUnseen = (copy: PrivateCopy, path: string, found: Difference): void => {
  const stats = isFree(copy.root, path) ? statFile(join(copy.root, path)) : null;
  if (stats?.isFile() === true) compareFile(copy, path, found);
  else if (stats !== null && !stats.isDirectory()) found.foreign.push(path);
  else if (recordedState(copy, path) !== "deleted") {
    const before = originalOf(copy, path)?.sha256 ?? null;
    found.files.push({ path, before, content: null, executable: false });
  }
};

const compareFile = (copy: PrivateCopy, path: string, found: Difference): void => {
  const stats = statFile(join(copy.root, path));
  if (stats === null) return;
  const base = copy.written.has(path) || copy.overlays.has(path) ? undefined : copy.base.get(path);
  if (base?.copy === stampOf(stats)) return;
  if (stats.size > LARGEST_FILE && originalOf(copy, path) === null) {
    found.foreign.push(path);
    return;
  }
  const bytes = readFileSync(join(copy.root, path));
  const executable = isExecutable(stats);
  if (recordedState(copy, path) === `${sha256(bytes)} ${executable}`) {
    // Read once, not every time.
    if (base !== undefined && isSettled(stats, Date.now())) base.copy = stampOf(stats);
    return;
  }
  const before = originalOf(copy, path)?.sha256 ?? null;
  found.files.push({ path, before, content: toFileContent(bytes), executable });
};
