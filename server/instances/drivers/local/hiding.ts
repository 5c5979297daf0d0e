import { lstatSync, readdirSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fail } from "../../../../schemas/errors.ts";
import { type HiddenPath, MOST_MOUNTS } from "../hidden.ts";

/** A folder with at least this many hidden files is emptied, and its visible files are shown again. */
const MANY_IN_A_FOLDER = 20;

/** Files that programs derive from visible files, so that they contain nothing new. */
const derived =
  /\/(__pycache__|\.(pytest|mypy|ruff)_cache|\.DS_Store|[^/]+\.(pyc|pyo|class|o|obj|tsbuildinfo))$/;

/** A folder that looks empty except for some of its entries, or a file that looks empty. */
interface Cover extends HiddenPath {
  /** Paths inside that stay visible. */
  shown: readonly string[];
}

/** Arguments that show `path` inside as it is outside, a link as a link. */
export const showPath = (path: string): string[] =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
    ? ["--symlink", readlinkSync(path), path]
    : ["--ro-bind-try", path, path];

const alone = (entry: HiddenPath): Cover => ({ ...entry, shown: [] });

/** The same with fewer mounts for folders with many hidden files. */
const groupedCovers = (hidden: readonly HiddenPath[]): Cover[] => {
  const byFolder = Map.groupBy(hidden, ({ path }) => dirname(path));
  return [...byFolder].flatMap(([folder, entries]) => {
    if (entries.length < MANY_IN_A_FOLDER) return entries.map(alone);
    const closed = new Set(entries.map(({ path }) => path));
    const shown = readdirSync(folder)
      .map((name) => join(folder, name))
      .filter((path) => !closed.has(path));
    return shown.length < entries.length ? [{ path: folder, isFolder: true, shown }] : entries.map(alone);
  });
};

const mountsOf = (covers: readonly Cover[]): number =>
  covers.reduce((sum, { shown }) => sum + 1 + shown.length, 0);

/** The mounts that hide all of `hidden`. Errors: `too_many_hidden`. */
const coversOf = (hidden: readonly HiddenPath[]): Cover[] => {
  const attempts = [
    () => hidden.map(alone),
    () => groupedCovers(hidden),
    () => groupedCovers(hidden.filter(({ path }) => !derived.test(path))),
  ];
  for (const attempt of attempts) {
    const covers = attempt();
    if (mountsOf(covers) <= MOST_MOUNTS) return covers;
  }
  throw fail("too_many_hidden", { count: hidden.length, limit: MOST_MOUNTS });
};

/**
 * Arguments of bubblewrap that hide paths, a folder before its contents. Errors: `too_many_hidden`, because
 * the paths beyond the limit would be visible.
 */
export const hidingArguments = (hidden: readonly HiddenPath[]): string[] =>
  coversOf(hidden)
    .toSorted((one, other) => (one.path < other.path ? -1 : 1))
    .flatMap(({ path, isFolder, shown }) =>
      isFolder
        ? ["--tmpfs", path, ...shown.flatMap(showPath), "--remount-ro", path]
        : ["--ro-bind", "/dev/null", path],
    );
