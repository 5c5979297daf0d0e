import { stat } from "node:fs/promises";
import type { FileChange } from "../../schemas/changes.ts";
import { fail } from "../../schemas/errors.ts";
import type { Overlay } from "../../schemas/run.ts";
import type { Objects } from "../store/store.ts";
import { fromFileContent } from "../workspace/encoding.ts";
import { ignoreRules } from "../workspace/ignore.ts";
import { confine } from "../workspace/paths.ts";
import type { Entry } from "./build.ts";
import { presentBytes, sha256Of } from "./contents.ts";

interface Place {
  objects: Objects;
  workspace: string;
}

/** Refuses two changes of one path: it would be unclear which one counts. */
const assertDistinct = (changes: readonly FileChange[]): void => {
  const seen = new Set<string>();
  for (const { path } of changes) {
    if (seen.has(path)) throw fail("instance_refused", { reason: `it handed back ${path} twice` });
    seen.add(path);
  }
};

/** Keeps the bytes a change started from, if they still can be had, for diffs and merges. */
const keepBefore = async (
  { objects, workspace }: Place,
  { path, before }: FileChange,
  overlays: readonly Overlay[],
): Promise<void> => {
  if (before === null) return;
  const { disk, overlay } = await presentBytes(workspace, path, overlays);
  const bytes = [overlay, disk].find((candidate) => candidate !== null && sha256Of(candidate) === before);
  if (bytes) await objects.put(bytes);
};

const isExecutable = async (workspace: string, path: string): Promise<boolean> => {
  const present = await stat(confine(workspace, path)).catch(() => null);
  return present !== null && (present.mode & 0o100) !== 0;
};

/**
 * What a worker handed back, as entries whose bytes are in the object store. A worker is not
 * trusted: files that are closed to agents are left out, and so is what changes nothing.
 */
export const incoming = async (
  place: Place,
  changes: readonly FileChange[],
  overlays: readonly Overlay[],
): Promise<Entry[]> => {
  assertDistinct(changes);
  const rules = ignoreRules(place.workspace);
  const entries: Entry[] = [];
  for (const change of changes) {
    const { path, before, content, executable } = change;
    if (rules.closedBy(path) !== null) continue;
    const after = content === null ? null : await place.objects.put(fromFileContent(content));
    const isSame = after === before;
    if (isSame && (after === null || !executable || (await isExecutable(place.workspace, path)))) continue;
    await keepBefore(place, change, overlays);
    entries.push({ path, before, after, executable });
  }
  return entries;
};
