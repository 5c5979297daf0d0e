import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { mkdirSync } from "node:fs";
import type { FileChange } from "../../../schemas/changes.ts";
import type { WriteAccess } from "../../../schemas/gates.ts";
import { mayWrite } from "../../workspace/classify.ts";
import { toFileContent } from "../../workspace/encoding.ts";
import { originalOf, type PrivateCopy } from "./copy.ts";
import { makeLink } from "./dependencies.ts";
import { differenceOf } from "./difference.ts";
import { clearWay, remove, sha256, stateOf, writeAtomically, writeChange } from "./files.ts";
import { isExecutable, isSettled, stampOf, statFile } from "./stamp.ts";

export interface CollectedChanges {
  /** What differs from source and overlays, sorted by path. */
  changes: FileChange[];
  /** Files that were put back because the stage may not write them. */
  put_back: string[];
}

/**
 * What agents changed, after everything the write access does not cover was put back to the state
 * the copy was prepared in. Protocol: `workspace/changes`. Errors: those of `differenceOf`.
 */
export async function collectChanges(
  copy: PrivateCopy,
  access: WriteAccess,
  signal: AbortSignal,
): Promise<CollectedChanges> {
  const { changes, foreign } = await differenceOf(copy, signal);
  const found = new Map(changes.map((change) => [change.path, change]));
  // A change an earlier stage made and this one undid is missing from what differs.
  const touched = new Set([...found.keys(), ...copy.prepared.keys()]);
  const putBack = [...touched].filter(
    (path) => !mayWrite(access, path) && !isAsPrepared(copy, path, found.get(path)),
  );
  for (const path of [...putBack, ...foreign]) {
    putBackFile(copy, path);
    found.delete(path);
    const prepared = copy.prepared.get(path);
    if (prepared !== undefined)
      found.set(path, { ...prepared, before: originalOf(copy, path)?.sha256 ?? null });
  }
  const kept = [...found.values()].sort((one, other) => (one.path < other.path ? -1 : 1));
  return { changes: kept, put_back: [...putBack, ...foreign].sort() };
}

function isAsPrepared(copy: PrivateCopy, path: string, now: FileChange | undefined): boolean {
  const prepared = copy.prepared.get(path);
  const original = originalOf(copy, path);
  const originalState = original === null ? "deleted" : `${original.sha256} ${original.executable}`;
  const wanted = prepared === undefined ? originalState : stateOf(prepared);
  return wanted === (now === undefined ? originalState : stateOf(now));
}

function putBackFile(copy: PrivateCopy, path: string): void {
  const target = join(copy.root, path);
  const prepared = copy.prepared.get(path);
  const link = copy.links.get(path);
  const overlay = copy.overlays.get(path);
  if (prepared !== undefined) {
    writeChange(copy.root, prepared);
    return;
  }
  remove(target);
  if (link === undefined && originalOf(copy, path) === null) return;
  clearWay(copy.root, path);
  mkdirSync(dirname(target), { recursive: true });
  if (link !== undefined) makeLink(target, link);
  else if (overlay !== undefined) writeAtomically(target, overlay.bytes, overlay.executable);
  else restoreFromSource(copy, path);
}

/** The user may have changed the file meanwhile: then it is put back as it is now. */
function restoreFromSource(copy: PrivateCopy, path: string): void {
  const source = statFile(join(copy.source, path));
  if (source?.isFile() !== true) {
    copy.base.delete(path);
    return;
  }
  const bytes = readFileSync(join(copy.source, path));
  const executable = isExecutable(source);
  writeAtomically(join(copy.root, path), bytes, executable);
  const made = statFile(join(copy.root, path));
  copy.base.set(path, {
    source: isSettled(source, Date.now()) ? stampOf(source) : null,
    copy: made === null ? null : stampOf(made),
    sha256: sha256(bytes),
    executable,
  });
}

/**
 * The files that changed since they were last reported, as they are now: what one command did.
 * A file that is as it was in the beginning again is reported with its original bytes.
 */
export function unreportedChanges(copy: PrivateCopy, { changes }: CollectedChanges): FileChange[] {
  const now = new Map(changes.map((change) => [change.path, change]));
  const undone = [...copy.reported.keys()].filter((path) => !now.has(path));
  const news = changes.filter((change) => copy.reported.get(change.path) !== stateOf(change));
  for (const change of news) copy.reported.set(change.path, stateOf(change));
  for (const path of undone) copy.reported.delete(path);
  return [...news, ...undone.map((path) => currentState(copy, path))];
}

function currentState(copy: PrivateCopy, path: string): FileChange {
  const stats = statFile(join(copy.root, path));
  const before = originalOf(copy, path)?.sha256 ?? null;
  if (stats?.isFile() !== true) return { path, before, content: null, executable: false };
  const bytes = readFileSync(join(copy.root, path));
  return { path, before, content: toFileContent(bytes), executable: isExecutable(stats) };
}
