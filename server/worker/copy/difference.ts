import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FileChange } from "../../../schemas/changes.ts";
import { toFileContent } from "../../workspace/encoding.ts";
import { pacer } from "../../workspace/pace.ts";
import { isDependency, readFolder } from "../../workspace/walk.ts";
import { originalOf, recordedState, type PrivateCopy } from "./copy.ts";
import { isFree, sha256 } from "./files.ts";
import { isExecutable, isSettled, stampOf, statFile } from "./stamp.ts";

/** The maximum size of one changed file. A larger one was generated. */
const LARGEST_FILE = 8 * 1024 * 1024;

const generated =
  /(^|\/)(coverage|htmlcov|__pycache__|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.nyc_output|\.vite|\.vitest|\.cache|\.turbo|test-results|playwright-report)(\/|$)|\.(pyc|pyo|tsbuildinfo|log)$|(^|\/)(\.coverage(\..+)?|\.DS_Store|.*\.coditect-tmp)$/;

/** Whether programs create files with this path by themselves, such as coverage, caches and logs. */
export const isGenerated = (path: string): boolean => generated.test(path);

/** What a program changed in the copy, without what the agents' tools wrote. */
export interface Difference {
  /** Files in their current state. As in a change set, `before` is the state in the workspace. */
  files: FileChange[];
  /** New or changed links, and files that are too large. A change cannot express them. */
  foreign: string[];
}

/**
 * Compares the copy on disk with what it should contain: the source, the overlays, and on top what agents' tools
 * wrote. Leaves out new files that are ignored, dependencies or generated. A file that should exist is compared
 * wherever it is. Only files whose stamp has changed are read. Errors: `cancelled`.
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

/** Whether a path is skipped. `compareUnseen` compares files of the workspace in skipped folders. */
const isNobodys = (copy: PrivateCopy, path: string, isFolder: boolean): boolean =>
  isGenerated(path) || isDependency(copy.source, path) || copy.rules.rule(path, isFolder) !== null;

/** Compares a file that no longer exists, or that is in a skipped folder. */
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
    // The new stamp means that the file is read only once.
    if (base !== undefined && isSettled(stats, Date.now())) base.copy = stampOf(stats);
    return;
  }
  const before = originalOf(copy, path)?.sha256 ?? null;
  found.files.push({ path, before, content: toFileContent(bytes), executable });
};
