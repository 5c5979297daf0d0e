import { formatPatch, structuredPatch, type StructuredPatch, type StructuredPatchHunk } from "diff";
import type { ChangedFile } from "../../schemas/changes.ts";
import { decodeText } from "../workspace/encoding.ts";

/** Most milliseconds spent on finding the smallest difference of one file. */
const DIFF_MILLISECONDS = 500;
const CONTEXT_LINES = 3;

/** Both sides of a changed file; `null`: not there, `"unknown"`: its bytes were not kept. */
export interface Sides {
  before: Buffer | "unknown" | null;
  after: Buffer | null;
}

/** A file's text as `git diff` takes it, a byte order mark included; `null` for a binary one. */
export const diffText = (bytes: Buffer): string | null => {
  const decoded = decodeText(bytes);
  if (decoded === null || decoded.encoding === "utf16le") return null;
  return decoded.encoding === "utf8-bom" ? `\ufeff${decoded.text}` : decoded.text;
};

const wholePatch = (before: string, after: string): StructuredPatchHunk[] => {
  const removed = structuredPatch("", "", before, "").hunks;
  const added = structuredPatch("", "", "", after).hunks;
  const count = (hunks: StructuredPatchHunk[], side: "oldLines" | "newLines") =>
    hunks.reduce((sum, hunk) => sum + hunk[side], 0);
  const lines = [...removed, ...added].flatMap((hunk) => hunk.lines);
  return [
    {
      oldStart: 1,
      oldLines: count(removed, "oldLines"),
      newStart: 1,
      newLines: count(added, "newLines"),
      lines,
    },
  ];
};

/** What differs, line by line; where finding the least takes too long, everything. */
const hunksOf = (before: string, after: string): StructuredPatchHunk[] => {
  const patch = structuredPatch("", "", before, after, undefined, undefined, {
    context: CONTEXT_LINES,
    timeout: DIFF_MILLISECONDS,
  });
  return patch?.hunks ?? wholePatch(before, after);
};

/** Hunks of two texts; `null` when a side is binary or not known. */
const compare = ({ before, after }: Sides): StructuredPatchHunk[] | null => {
  if (before === "unknown") return null;
  const texts = [before, after].map((bytes) => (bytes === null ? "" : diffText(bytes)));
  const [old, fresh] = texts;
  return typeof old === "string" && typeof fresh === "string" ? hunksOf(old, fresh) : null;
};

/** Lines added and removed; 0 of a binary file, as git counts. */
export const countLines = (sides: Sides): { lines_added: number; lines_removed: number } => {
  const lines = (compare(sides) ?? []).flatMap((hunk) => hunk.lines);
  return {
    lines_added: lines.filter((line) => line.startsWith("+")).length,
    lines_removed: lines.filter((line) => line.startsWith("-")).length,
  };
};

const modeOf = (file: ChangedFile): string => (file.executable ? "100755" : "100644");

const header = (file: ChangedFile, hunks: StructuredPatchHunk[]): StructuredPatch => {
  const created = file.kind === "Created";
  const deleted = file.kind === "Deleted";
  return {
    isGit: true,
    oldFileName: created ? "/dev/null" : `a/${file.old_path ?? file.path}`,
    newFileName: deleted ? "/dev/null" : `b/${file.path}`,
    oldHeader: undefined,
    newHeader: undefined,
    ...(created && { isCreate: true, newMode: modeOf(file) }),
    ...(deleted && { isDelete: true, oldMode: modeOf(file) }),
    ...(file.kind === "Renamed" && { isRename: true }),
    hunks,
  };
};

/** One file's part of the text `git diff` would write. */
export const filePatch = (file: ChangedFile, sides: Sides): string => {
  const hunks = compare(sides);
  const text = formatPatch(header(file, hunks ?? []));
  if (hunks !== null || file.before === file.after) return text;
  if (sides.before === "unknown") return `${text}The text before was edited since and is not kept.\n`;
  const old = file.kind === "Created" ? "/dev/null" : `a/${file.old_path ?? file.path}`;
  const fresh = file.kind === "Deleted" ? "/dev/null" : `b/${file.path}`;
  return `${text}Binary files ${old} and ${fresh} differ\n`;
};
