import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { FileChange, FileContent } from "../../../schemas/changes.ts";
import { fail } from "../../../schemas/errors.ts";
import type { WriteAccess } from "../../../schemas/gates.ts";
import { mayWrite } from "../../workspace/classify.ts";
import { fromFileContent, toFileContent } from "../../workspace/encoding.ts";
import { testSettings } from "../../workspace/test-settings.ts";
import { originalOf, recordChange, type PrivateCopy } from "./copy.ts";
import { differenceOf, isGenerated } from "./difference.ts";
import { clearWay, placeFile, remove, sha256, stateOf, writeChange } from "./files.ts";
import { makeLink } from "./links.ts";
import { isExecutable, isSettled, stampOf, statFile } from "./stamp.ts";

/** The maximum size of all changed files, so that a message can contain them. */
const LARGEST_SUM = 32 * 1024 * 1024;

export interface CollectedChanges {
  /** Sorted by path. */
  changes: FileChange[];
  /** Files that were restored. */
  put_back: string[];
}

/**
 * Returns the change set: only what earlier stages and this stage's tools wrote. Undoes what tests or stray
 * processes did to the copy, and changes that the stage may not make. Protocol: `workspace/changes`. Errors:
 * `cancelled`, `changes_too_large` if more changed than can be sent.
 */
export const collectChanges = async (
  copy: PrivateCopy,
  access: WriteAccess,
  signal: AbortSignal,
): Promise<CollectedChanges> => {
  const forbidden = forbiddenPaths(copy, access);
  for (const path of forbidden) resetRecord(copy, path);
  const put_back = [...new Set([...forbidden, ...(await undoStrayChanges(copy, signal))])].sort();
  const changes = [...copy.written.values()].sort((one, other) => (one.path < other.path ? -1 : 1));
  refuseFlood(changes);
  return { changes, put_back };
};

/**
 * Undoes what a test run did to the copy: restores every file that is not as the agents' tools left it.
 * Returns the paths. Errors: `cancelled`.
 */
export const undoStrayChanges = async (copy: PrivateCopy, signal: AbortSignal): Promise<string[]> => {
  const { files, foreign } = await differenceOf(copy, signal);
  const paths = [...foreign, ...files.map(({ path }) => path)]; // Links come first, because they may block a file.
  for (const path of paths) putBack(copy, path);
  return paths.sort();
};

/**
 * Adds what a command of the agent did to the change set, if the stage may write it and it is not a by-product such
 * as coverage. Undoes the rest. Errors: `cancelled`; `changes_too_large` if the change set would become larger than
 * can be sent, in which case everything is undone.
 */
export const adoptChanges = async (
  copy: PrivateCopy,
  access: WriteAccess,
  signal: AbortSignal,
): Promise<CollectedChanges> => {
  const { files, foreign } = await differenceOf(copy, signal);
  const changes = withoutBlocked(
    files.filter((change) => isWork(copy, change) && isAllowed(copy, access, change)),
    [...foreign, ...files.map(({ path }) => path)],
  );
  const adopted = new Set(changes.map(({ path }) => path));
  const others = [...copy.written.values()].filter(({ path }) => !adopted.has(path));
  try {
    refuseFlood([...others, ...changes]);
  } catch (error) {
    await undoStrayChanges(copy, signal);
    throw error;
  }
  for (const change of changes) recordChange(copy, change);
  return { changes, put_back: await undoStrayChanges(copy, signal) };
};

/** Whether a change is work. In folders for by-products, only changes of existing files are. */
const isWork = (copy: PrivateCopy, { path, content }: FileChange): boolean =>
  !isGenerated(path) || (content !== null && originalOf(copy, path) !== null);

/**
 * The changes without files that cannot exist, because restoring another path puts a file in the place of a folder
 * or the other way round. `all` are all paths that differ. Those that are not in `changes` are restored.
 */
const withoutBlocked = (changes: readonly FileChange[], all: readonly string[]): FileChange[] => {
  const kept = new Set(changes.map(({ path }) => path));
  const putBack = all.filter((path) => !kept.has(path));
  const isBlocked = ({ path, content }: FileChange): boolean =>
    content !== null && putBack.some((each) => each.startsWith(`${path}/`) || path.startsWith(`${each}/`));
  const left = changes.filter((change) => !isBlocked(change));
  return left.length === changes.length ? left : withoutBlocked(left, all);
};

const isAllowed = (copy: PrivateCopy, access: WriteAccess, { path, content }: FileChange): boolean =>
  mayWrite(access, path, copy.layout) && !changesTestSettings(copy, access, path, content);

/** Recorded changes that differ from the prepared copy, and that the stage may not write. */
const forbiddenPaths = (copy: PrivateCopy, access: WriteAccess): string[] => {
  // A change of an earlier stage that this one undid is not among the written ones.
  const touched = new Set([...copy.written.keys(), ...copy.prepared.keys()]);
  return [...touched].filter((path) => {
    const change = copy.written.get(path) ?? originalChange(copy, path);
    if (isAsPrepared(copy, change)) return false;
    return !isAllowed(copy, access, change);
  });
};

/** Forgets what this stage did to a file, so that its prepared state counts again. */
const resetRecord = (copy: PrivateCopy, path: string): void => {
  const prepared = copy.prepared.get(path);
  if (prepared === undefined) copy.written.delete(path);
  else recordChange(copy, prepared);
};

/**
 * Whether a stage that may not touch tests would change the part of a file that configures them, such as
 * the test script of a `package.json`. `content` is the new content of the file.
 */
export const changesTestSettings = (
  copy: PrivateCopy,
  access: WriteAccess,
  path: string,
  content: FileContent | null,
): boolean => {
  const prepared = preparedBytes(copy, path);
  if (access === "all" || prepared === null) return false; // A new package may bring its own.
  const now = content === null ? null : fromFileContent(content);
  const settingsOf = (bytes: Buffer): string | null => testSettings(path, bytes.toString("utf8"));
  return (now === null ? null : settingsOf(now)) !== settingsOf(prepared);
};

/** The content of the file when the copy was prepared; `null` if there was none. */
const preparedBytes = (copy: PrivateCopy, path: string): Buffer | null => {
  const prepared = copy.prepared.get(path);
  if (prepared === undefined) return originalBytes(copy, path);
  return prepared.content === null ? null : fromFileContent(prepared.content);
};

const originalBytes = (copy: PrivateCopy, path: string): Buffer | null => {
  const overlay = copy.overlays.get(path);
  if (overlay !== undefined) return overlay.bytes;
  const source = join(copy.source, path);
  return copy.base.has(path) && statFile(source)?.isFile() === true ? readFileSync(source) : null;
};

const isAsPrepared = (copy: PrivateCopy, change: FileChange): boolean => {
  const prepared = copy.prepared.get(change.path) ?? originalChange(copy, change.path);
  return stateOf(prepared) === stateOf(change);
};

/** A change that restores the state of the file before any agent changed it. */
const originalChange = (copy: PrivateCopy, path: string): FileChange => {
  const bytes = originalBytes(copy, path);
  const original = originalOf(copy, path);
  const content = bytes === null ? null : toFileContent(bytes);
  return { path, before: original?.sha256 ?? null, content, executable: original?.executable ?? false };
};

const putBack = (copy: PrivateCopy, path: string): void => {
  const target = join(copy.root, path);
  const written = copy.written.get(path);
  const overlay = copy.overlays.get(path);
  const link = copy.links.get(path);
  if (written !== undefined) writeChange(copy.root, written);
  else if (overlay !== undefined) placeFile(copy.root, path, overlay.bytes, overlay.executable);
  else if (copy.base.has(path)) restoreFromSource(copy, path);
  else if (statFile(target)?.isDirectory() !== true) remove(target); // A folder that was put back stays.
  if (link === undefined || written !== undefined) return;
  clearWay(copy.root, path);
  mkdirSync(dirname(target), { recursive: true });
  makeLink(target, link);
};

/** The user may have changed the file in the meantime: its current state is restored. */
const restoreFromSource = (copy: PrivateCopy, path: string): void => {
  const source = statFile(join(copy.source, path));
  if (source?.isFile() !== true) {
    copy.base.delete(path);
    return;
  }
  const bytes = readFileSync(join(copy.source, path));
  const executable = isExecutable(source);
  placeFile(copy.root, path, bytes, executable);
  copy.base.set(path, {
    source: isSettled(source, Date.now()) ? stampOf(source) : null,
    copy: null, // A write right after this one may leave the same stamp.
    sha256: sha256(bytes),
    executable,
  });
};

const refuseFlood = (changes: readonly FileChange[]): void => {
  const sum = changes.reduce((total, { content }) => total + (content?.data.length ?? 0), 0);
  if (sum <= LARGEST_SUM) return;
  throw fail("changes_too_large", { count: changes.length, megabytes: LARGEST_SUM / 1024 / 1024 });
};
