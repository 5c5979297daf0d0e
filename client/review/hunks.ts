import { diffArrays } from "diff";

/**
 * One difference between two texts, in lines counted from 0. `from` is the first line, and `to` is the line
 * after the last one. They are equal for an insertion or deletion.
 */
export interface Hunk {
  old: { from: number; to: number };
  new: { from: number; to: number };
  /** The lines of the new text, each with its line feed. */
  text: string;
}

/** Only line feeds, regardless of the text. VS Code gives inserted text the line ends of its document. */
export const withLineFeeds = (text: string): string => text.replace(/\r\n?/g, "\n");

export const linesOf = (text: string): string[] => text.split(/(?<=\n)/);

/** The differences between two texts, from top to bottom. */
export const hunksBetween = (before: string, after: string): Hunk[] => {
  const hunks: Hunk[] = [];
  let open: Hunk | null = null;
  let [oldLine, newLine] = [0, 0];
  for (const { added, removed, value } of diffArrays(linesOf(before), linesOf(after))) {
    if (!added && !removed) {
      open = null;
      oldLine += value.length;
      newLine += value.length;
      continue;
    }
    if (open === null) {
      open = { old: { from: oldLine, to: oldLine }, new: { from: newLine, to: newLine }, text: "" };
      hunks.push(open);
    }
    if (removed) oldLine = open.old.to += value.length;
    else {
      newLine = open.new.to += value.length;
      open.text += value.join("");
    }
  }
  return hunks;
};

/** The old text with these hunks applied. */
export const applyHunks = (before: string, hunks: readonly Hunk[]): string => {
  const lines = linesOf(before);
  const parts: string[] = [];
  let next = 0;
  for (const hunk of [...hunks].sort((a, b) => a.old.from - b.old.from)) {
    parts.push(...lines.slice(next, hunk.old.from), hunk.text);
    next = hunk.old.to;
  }
  return [...parts, ...lines.slice(next)].join("");
};

/** The hunk at a line of the new text. A deletion is at the lines on both sides of it. */
export const hunkAt = (hunks: readonly Hunk[], line: number): Hunk | null =>
  hunks.find(({ new: range }) =>
    range.from === range.to
      ? line === range.from || line === range.from - 1
      : line >= range.from && line < range.to,
  ) ?? null;
