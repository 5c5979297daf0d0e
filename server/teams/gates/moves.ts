import { posix } from "node:path";
import type { ChangedSource, Hunk } from "./hunks.ts";

/** A source that the change deleted, and the one that it added with most of its lines or with its name. */
export interface Move {
  from: string;
  to: string;
}

/** The share of the lines of a deleted file that an added file has if it is the same file. */
const SAME = 0.5;
/** Files that others name by their folder. */
const ofFolder = /^(?:index|__init__|mod)$/;

const linesOf = (text: string): Set<string> =>
  new Set(
    text
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== ""),
  );

const isSame = (before: string, after: string): boolean => {
  const [old, now] = [linesOf(before), linesOf(after)];
  return old.size > 0 && [...old].filter((line) => now.has(line)).length / old.size >= SAME;
};

/** Whether a file in another folder has the name of this one, which says what it is. */
const hasItsName = (path: string, other: string): boolean =>
  posix.basename(path) === posix.basename(other) && !ofFolder.test(posix.basename(path, posix.extname(path)));

/** The sources that the change moved. */
export const movesIn = (sources: readonly ChangedSource[]): Move[] => {
  const added = sources.filter(({ before }) => before === null);
  return sources.flatMap(({ path, before, after }) => {
    if (before === null || after !== null) return [];
    const target =
      added.find((source) => isSame(before, source.after ?? "")) ??
      added.find((source) => hasItsName(path, source.path));
    return target === undefined ? [] : [{ from: path, to: target.path }];
  });
};

/** The sources, where one that was moved has its text in the old place as its text before: it is not new code. */
export const comparedWithOldPlace = (sources: readonly ChangedSource[]): ChangedSource[] => {
  const moves = movesIn(sources);
  return sources.map((source) => {
    const move = moves.find(({ to }) => to === source.path);
    const old = sources.find(({ path }) => path === move?.from);
    return old === undefined ? source : { ...source, before: old.before };
  });
};

/** The name by which other files import a source. */
const importedName = (path: string): string => {
  const stem = posix.basename(path, posix.extname(path));
  return ofFolder.test(stem) ? posix.basename(posix.dirname(path)) : stem;
};

/** The line with every path and module name that contains this name replaced by a mark. */
const withoutName = (line: string, name: string): string => {
  const word = `(?<![\\w-])${name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}(?![\\w-])`;
  return line.replace(new RegExp(`["'\`][^"'\`]*${word}[^"'\`]*["'\`]|[\\w.]*${word}[\\w.]*`, "g"), "\0");
};

/**
 * Whether a piece of the change only follows moved sources: it deletes one in its old place, or names its new place
 * where the old one was named. Tests need the source, but not these pieces.
 */
export const followsMove = ({ path, added, removed, without }: Hunk, moves: readonly Move[]): boolean =>
  moves.some(({ from, to }) => {
    if (path === from) return without !== null && added.length === 0;
    const [old, now] = [importedName(from), importedName(to)];
    return (
      added.length === removed.length &&
      removed.every((line, at) => {
        const [before, after] = [withoutName(line, old), withoutName(added[at] ?? "", now)];
        return before !== line && before === after;
      })
    );
  });
