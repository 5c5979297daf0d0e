import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FileChange } from "../../../schemas/changes.ts";
import { fail } from "../../../schemas/errors.ts";
import { toFileContent } from "../../workspace/encoding.ts";
import { pacer } from "../../workspace/pace.ts";
import { isDependencyFolder, readFolder } from "../../workspace/walk.ts";
import { originalOf, type PrivateCopy } from "./copy.ts";
import { sha256 } from "./files.ts";
import { isExecutable, stampOf, statFile } from "./stamp.ts";

/** Most bytes of one changed file: what is larger was generated. */
const LARGEST_FILE = 8 * 1024 * 1024;
/** Most bytes of all changed files, so that a message can carry them. */
const LARGEST_SUM = 32 * 1024 * 1024;

const noise =
  /(^|\/)(coverage|htmlcov|__pycache__|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.nyc_output|\.vite|\.vitest|\.cache|\.turbo|test-results|playwright-report)(\/|$)|\.(pyc|pyo|tsbuildinfo|log)$|(^|\/)(\.coverage(\..+)?|\.DS_Store|.*\.coditect-tmp)$/;

/** What stands in the copy and not in the workspace it was made from. */
export interface Difference {
  changes: FileChange[];
  /** New or changed links, and files too large to be anyone's work: no change can express them. */
  foreign: string[];
}

/**
 * Compares the copy on disk with source and overlays, whoever wrote it. Left out: what the ignore
 * rules close, dependencies, and new files that tools generate (coverage, caches). Only files whose
 * stamp changed are read. Errors: `cancelled`, `worker_failed` when more changed than can be sent.
 */
export async function differenceOf(copy: PrivateCopy, signal: AbortSignal): Promise<Difference> {
  const pace = pacer("comparing the copy", signal);
  const found: Difference = { changes: [], foreign: [] };
  const seen = new Set<string>();
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of readFolder(join(copy.root, folder))) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      const isOriginal = originalOf(copy, path) !== null || copy.links.has(path);
      if (!isOriginal && isGenerated(copy, path, entry.isDirectory())) continue;
      if (entry.isDirectory()) {
        folders.push(path);
      } else {
        if (entry.isFile()) compareFile(copy, path, found);
        else if (!copy.links.has(path)) found.foreign.push(path);
        seen.add(path);
      }
    }
    await pace();
  }
  for (const path of [...copy.base.keys(), ...copy.overlays.keys()]) {
    if (seen.has(path)) continue;
    seen.add(path);
    const before = originalOf(copy, path)?.sha256 ?? null;
    found.changes.push({ path, before, content: null, executable: false });
  }
  found.foreign.push(...[...copy.links.keys()].filter((path) => !seen.has(path)));
  found.changes.sort((one, other) => (one.path < other.path ? -1 : 1));
  refuseFlood(found.changes);
  return found;
}

const isGenerated = (copy: PrivateCopy, path: string, isFolder: boolean): boolean =>
  noise.test(path) || isDependencyFolder(copy.source, path) || copy.rules.rule(path, isFolder) !== null;

function compareFile(copy: PrivateCopy, path: string, found: Difference): void {
  const stats = statFile(join(copy.root, path));
  if (stats === null) return;
  const base = copy.base.get(path);
  const isOverlaid = copy.overlays.has(path);
  if (!isOverlaid && base?.copy === stampOf(stats)) return;
  if (stats.size > LARGEST_FILE && base === undefined) {
    found.foreign.push(path);
    return;
  }
  const bytes = readFileSync(join(copy.root, path));
  const original = originalOf(copy, path);
  const executable = isExecutable(stats);
  if (original?.sha256 === sha256(bytes) && original.executable === executable) {
    if (!isOverlaid && base !== undefined) base.copy = stampOf(stats); // Read once, not every time.
    return;
  }
  found.changes.push({ path, before: original?.sha256 ?? null, content: toFileContent(bytes), executable });
}

function refuseFlood(changes: readonly FileChange[]): void {
  const sum = changes.reduce((total, { content }) => total + (content?.data.length ?? 0), 0);
  if (sum <= LARGEST_SUM) return;
  const reason = `${changes.length} changed files hold more than ${LARGEST_SUM / 1024 / 1024} MiB`;
  throw fail("worker_failed", { what: "hand back its changes", reason });
}
