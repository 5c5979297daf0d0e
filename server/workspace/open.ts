import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { fail } from "../../schemas/errors.ts";
import { confine, toWorkspacePath } from "./paths.ts";

export interface Reading {
  /** Most bytes that are read; a larger file is an error. */
  most?: number;
  /** Folders a link may lead to, such as those of the workspace's dependencies. */
  alsoWithin?: readonly string[];
}

/** The most that is read of a file in a workspace, unless the caller sets a smaller limit. */
const MOST_BYTES = 64 << 20;

const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;

const isMissing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && ["ENOENT", "ENOTDIR"].includes(String(error.code));

/** Opens a file without waiting, because opening a pipe without a writer would never return. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/**
 * The bytes of a file of a workspace; `null` if there is none. Every file that a workspace brings along
 * is read through here: regular files alone, up to a size, and never through a link that leads out.
 * Errors: `outside_workspace`, `not_a_text_file` for a folder, a pipe or a device, `file_too_large`.
 */
export const readInside = (
  root: string,
  path: string,
  { most = MOST_BYTES, alsoWithin }: Reading = {},
): Buffer | null => {
  const real = confine(root, toWorkspacePath(path), alsoWithin);
  let file: number;
  try {
    // Only regular files are opened, because opening some devices already has an effect.
    requireRegular(lstatSync(real), path);
    file = openSync(real, FLAGS);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  try {
    const stats = fstatSync(file);
    requireRegular(stats, path);
    if (stats.size > most)
      throw fail("file_too_large", { path, size: megabytes(stats.size), limit: megabytes(most) });
    return readUpTo(file, Math.min(stats.size, most));
  } finally {
    closeSync(file);
  }
};

/** The same, but null if the file cannot be read. */
export const readIfPossible = (root: string, path: string, reading?: Reading): Buffer | null => {
  try {
    return readInside(root, path, reading);
  } catch {
    return null;
  }
};

const requireRegular = (stats: { isFile(): boolean; isDirectory(): boolean }, path: string): void => {
  if (stats.isFile()) return;
  throw fail("not_a_text_file", {
    path,
    kind: stats.isDirectory() ? "a folder" : "a pipe, a device or a link",
  });
};

/** Reads up to a limit, because a file may report no size and be endless, or grow while it is read. */
const readUpTo = (file: number, size: number): Buffer => {
  const bytes = Buffer.alloc(size);
  let filled = 0;
  while (filled < size) {
    const count = readSync(file, bytes, filled, size - filled, null);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
};

/**
 * The absolute path of one of our files in a workspace, such as `.coditect/lessons.md`. No part of the path
 * is a link, so writing it cannot change another file. Error: `outside_workspace`.
 */
export const ownPath = (root: string, path: string): string => {
  const segments = toWorkspacePath(path).split("/");
  segments.forEach((_, index) => {
    const part = segments.slice(0, index + 1).join("/");
    if (lstatSync(join(root, part), { throwIfNoEntry: false })?.isSymbolicLink() === true)
      throw fail("outside_workspace", { path: part, workspace: "the workspace, as it is a link" });
  });
  return join(root, ...segments);
};
