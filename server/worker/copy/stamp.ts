import { lstatSync, type Stats } from "node:fs";

/**
 * Distinguishes the states of a file without reading it. It includes ctime because nobody can set it
 * back, and the inode because a file can be replaced by one of the same age.
 */
export const stampOf = (stats: Stats): string =>
  `${stats.size} ${stats.mtimeMs} ${stats.ctimeMs} ${stats.ino} ${stats.mode}`;

export const isExecutable = (stats: Stats): boolean => (stats.mode & 0o111) !== 0;

/** The file's state; null if it does not exist. Links are not followed. */
export const statFile = (path: string): Stats | null => {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null; // A parent of the path is a file.
  }
};

/** The longest time in which two writes can get the same time stamp, on file systems with fine time stamps. */
export const CLOCK_TICK_MS = 20;
const COARSE_TICK_MS = 2000;

/**
 * Whether the file is old enough that a later write is certain to change its stamp. File systems that
 * store whole seconds only are recognised by their round times.
 */
export const isSettled = (stats: Stats, now: number): boolean => {
  const tick = stats.mtimeMs % 1000 === 0 && stats.ctimeMs % 1000 === 0 ? COARSE_TICK_MS : CLOCK_TICK_MS;
  return now - Math.max(stats.mtimeMs, stats.ctimeMs) > tick;
};
