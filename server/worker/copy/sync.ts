import { chmodSync, constants, copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { readFolder } from "../../workspace/walk.ts";
import type { PrivateCopy } from "./copy.ts";
import { ownEntries, remove } from "./files.ts";
import { isSettled, stampOf, statFile } from "./stamp.ts";

/** How much may still be copied. */
export interface Room {
  bytes: number;
  files: number;
}

/** Decides which entries of a folder are copied. `path` is absolute. */
export type Wanted = (path: string, isFolder: boolean) => boolean;

/**
 * Makes `to` equal to the wanted part of `from`. Copies only files whose stamp has changed on either side since this
 * worker copied them. Returns false if this is larger than the room. Links are left out, because they may lead
 * anywhere.
 */
export const syncTree = (
  copy: PrivateCopy,
  from: string,
  to: string,
  room: Room,
  isWanted: Wanted,
): boolean => {
  const source = statFile(from);
  if (source?.isFile() === true) {
    room.bytes -= source.size;
    room.files -= 1;
    if (room.bytes < 0 || room.files < 0) return false;
    syncFile(copy, from, to);
    return true;
  }
  if (source?.isDirectory() !== true) return true;
  const entries = readFolder(from).filter(
    (entry) =>
      (entry.isFile() || entry.isDirectory()) && isWanted(join(from, entry.name), entry.isDirectory()),
  );
  if (statFile(to)?.isDirectory() !== true) {
    remove(to);
    mkdirSync(to, { recursive: true });
  }
  const names = new Set(entries.map(({ name }) => name));
  for (const { name } of ownEntries(to)) if (!names.has(name)) remove(join(to, name));
  return entries.every(({ name }) => syncTree(copy, join(from, name), join(to, name), room, isWanted));
};

/** Makes a file equal to another one that does not belong to the tracked state of the workspace. */
export const syncFile = (copy: PrivateCopy, from: string, to: string): void => {
  const source = statFile(from);
  if (source?.isFile() !== true) return;
  const present = statFile(to);
  const stamps = present === null ? "" : `${stampOf(source)} ${stampOf(present)}`;
  if (copy.synced.get(to) === stamps) return;
  remove(to);
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
  chmodSync(to, source.mode & 0o777);
  const made = statFile(to);
  if (made !== null && isSettled(source, Date.now()))
    copy.synced.set(to, `${stampOf(source)} ${stampOf(made)}`);
};
