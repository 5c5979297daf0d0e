import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { FileChange, FileContent } from "../../../schemas/changes.ts";
import type { WriteAccess } from "../../../schemas/gates.ts";
import { mayWrite } from "../../workspace/classify.ts";
import { fromFileContent, toFileContent } from "../../workspace/encoding.ts";
import { testSettings } from "../../workspace/test-settings.ts";
import { originalOf, type PrivateCopy } from "./copy.ts";
import { differenceOf } from "./difference.ts";
import { clearWay, placeFile, remove, sha256, stateOf, writeChange } from "./files.ts";
import { makeLink } from "./links.ts";
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
  const first = await differenceOf(copy, signal);
  const forbidden = forbiddenPaths(copy, access, first.changes);
  const unwanted = [...first.foreign, ...forbidden]; // A link may stand in the way of a file.
  if (unwanted.length === 0) return { changes: first.changes, put_back: [] };
  for (const path of unwanted) putBack(copy, path);
  const { changes } = await differenceOf(copy, signal);
  // A file that stood where a folder had to be put back is gone with it.
  const kept = new Set(changes.map(({ path }) => path));
  const lost = first.changes.map(({ path }) => path).filter((path) => !kept.has(path));
  return { changes, put_back: [...new Set([...unwanted, ...lost])].sort() };
}

/** Files that are not as the copy was prepared, and that the stage may not write. */
function forbiddenPaths(copy: PrivateCopy, access: WriteAccess, changes: readonly FileChange[]): string[] {
  const found = new Map(changes.map((change) => [change.path, change]));
  // A change that an earlier stage made and this one undid is missing from what differs.
  const touched = new Set([...found.keys(), ...copy.prepared.keys()]);
  return [...touched].filter((path) => {
    const change = found.get(path);
    if (isAsPrepared(copy, path, change)) return false;
    return !mayWrite(access, path) || changesTestSettings(copy, access, path, change?.content ?? null);
  });
}

/**
 * Whether a stage that may not touch tests would change the part of a file that configures them,
 * such as the test script of a `package.json`. `content` is what the file would hold.
 */
export function changesTestSettings(
  copy: PrivateCopy,
  access: WriteAccess,
  path: string,
  content: FileContent | null,
): boolean {
  const prepared = preparedBytes(copy, path);
  if (access === "all" || prepared === null) return false; // A new package may bring its own.
  const now = content === null ? null : fromFileContent(content);
  const settingsOf = (bytes: Buffer): string | null => testSettings(path, bytes.toString("utf8"));
  return (now === null ? null : settingsOf(now)) !== settingsOf(prepared);
}

/** What the file held when the copy was prepared; `null` when there was none. */
function preparedBytes(copy: PrivateCopy, path: string): Buffer | null {
  const prepared = copy.prepared.get(path);
  if (prepared !== undefined) return prepared.content === null ? null : fromFileContent(prepared.content);
  const overlay = copy.overlays.get(path);
  if (overlay !== undefined) return overlay.bytes;
  const source = join(copy.source, path);
  return copy.base.has(path) && statFile(source)?.isFile() === true ? readFileSync(source) : null;
}

function isAsPrepared(copy: PrivateCopy, path: string, now: FileChange | undefined): boolean {
  const prepared = copy.prepared.get(path);
  const original = originalOf(copy, path);
  const originalState = original === null ? "deleted" : `${original.sha256} ${original.executable}`;
  const wanted = prepared === undefined ? originalState : stateOf(prepared);
  return wanted === (now === undefined ? originalState : stateOf(now));
}

function putBack(copy: PrivateCopy, path: string): void {
  const target = join(copy.root, path);
  const prepared = copy.prepared.get(path);
  const overlay = copy.overlays.get(path);
  const link = copy.links.get(path);
  if (prepared !== undefined) writeChange(copy.root, prepared);
  else if (overlay !== undefined) placeFile(copy.root, path, overlay.bytes, overlay.executable);
  else if (copy.base.has(path)) restoreFromSource(copy, path);
  else remove(target);
  if (link === undefined || prepared !== undefined) return;
  clearWay(copy.root, path);
  mkdirSync(dirname(target), { recursive: true });
  makeLink(target, link);
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
  placeFile(copy.root, path, bytes, executable);
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
