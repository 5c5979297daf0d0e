import { lineEnding, withLineEnding } from "../../workspace/encoding.ts";
import { reindent } from "./indentation.ts";
import { numbered } from "./lines.ts";
import { nearestRegion } from "./nearest-region.ts";

export type Edit =
  | {
      ok: true;
      text: string;
      /** Lines the new text takes, counted from 1. */
      first_line: number;
      last_line: number;
      /** `old_text` was found with another indentation, and the new text was adapted to the file's. */
      reindented: boolean;
    }
  | { ok: false; reason: string };

const refuse = (reason: string): Edit => ({ ok: false, reason });

/**
 * The ladder of edits: `oldText` exactly and once; the same text with other line endings; the same
 * lines with another indentation; else a refusal that shows the nearest region. Pure: the text
 * outside the replaced place is never changed, and a last newline stays.
 *
 * @param blocks whether indentation decides what belongs together, as in Python: then a text
 *   whose lines could belong to two blocks is refused.
 */
export const editText = (text: string, oldText: string, newText: string, blocks = false): Edit => {
  if (oldText.trim() === "") return refuse("old_text is empty. Name the text to replace, or use write_file.");
  if (oldText === newText) return refuse("old_text and new_text are the same.");
  const ending = lineEnding(text);
  const replacement = withLineEnding(newText, ending);
  for (const wanted of new Set([oldText, withLineEnding(oldText, ending), withLineEnding(oldText, "\n")])) {
    const places = placesOf(text, wanted);
    if (places.length > 1) return refuse(ambiguous(places.map((place) => lineAt(text, place))));
    const [place] = places;
    if (place === undefined) continue;
    if (blocks && isAmbiguous(text, place, wanted, replacement)) return refuse(misplaced);
    return replaceAt(text, place, wanted.length, keepNewline(text, place, wanted, replacement), false);
  }
  return editByLines(text, oldText, newText);
};

/** Lines that are replaced as a whole stay apart from the line that follows them. */
const keepNewline = (text: string, place: number, wanted: string, replacement: string): string => {
  const isWholeLines = wanted.endsWith("\n") && (place === 0 || text[place - 1] === "\n");
  return isWholeLines && replacement !== "" && !replacement.endsWith("\n")
    ? replacement + lineEnding(text)
    : replacement;
};

const misplaced =
  "old_text begins in the middle of a line, so nobody can tell the block its further lines belong to. " +
  "Begin old_text and new_text with the whole line, its indentation included.";

/**
 * Whether the text begins behind a line's indentation and is replaced by lines that go back before
 * it, while no further line of `wanted` shows that they are meant to.
 */
const isAmbiguous = (text: string, place: number, wanted: string, replacement: string): boolean => {
  const lead = text.slice(text.lastIndexOf("\n", place - 1) + 1, place);
  const further = replacement
    .split("\n")
    .slice(1)
    .filter((line) => line.trim() !== "");
  const isBehindIndentation = lead !== "" && lead.trim() === "" && !/^\s/.test(wanted);
  return (
    isBehindIndentation && !wanted.trimEnd().includes("\n") && further.some((line) => !line.startsWith(lead))
  );
};

const lineAt = (text: string, offset: number): number => text.slice(0, offset).split("\n").length;

const ambiguous = (lines: readonly number[]): string =>
  `old_text stands there ${lines.length} times, at lines ${lines.slice(0, 10).join(", ")}. ` +
  "Add lines before or after it until it stands once.";

/** Where `part` begins in `text`; at most 50 places, overlapping ones too. */
const placesOf = (text: string, part: string): number[] => {
  const places: number[] = [];
  for (let at = text.indexOf(part); at >= 0 && places.length < 50; at = text.indexOf(part, at + 1)) {
    places.push(at);
  }
  return places;
};

/** The text with the newline at its end that `before` had. */
export const withLastNewline = (text: string, before: string): string =>
  before.endsWith("\n") && text !== "" && !text.endsWith("\n") ? text + lineEnding(before) : text;

const replaceAt = (text: string, start: number, length: number, part: string, reindented: boolean): Edit => {
  const first = lineAt(text, start);
  const edited = text.slice(0, start) + part + text.slice(start + length);
  const lines = part.replace(/\r?\n$/, "").split("\n").length;
  return {
    ok: true,
    text: withLastNewline(edited, text),
    first_line: first,
    last_line: first + lines - 1,
    reindented,
  };
};

interface Line {
  /** Without its ending. */
  text: string;
  start: number;
  end: number;
}

const linesWithPlaces = (text: string): Line[] => {
  const lines: Line[] = [];
  let start = 0;
  for (const raw of text.split("\n")) {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    lines.push({ text: line, start, end: start + line.length });
    start += raw.length + 1;
  }
  return lines;
};

/** Lines of what a model wrote, without empty ones before and one line ending after. */
const writtenLines = (text: string): string[] =>
  text
    .replace(/^([ \t]*\r?\n)+/, "")
    .replace(/\r?\n$/, "")
    .split(/\r?\n/);

const editByLines = (text: string, oldText: string, newText: string): Edit => {
  const lines = linesWithPlaces(text);
  const wanted = writtenLines(oldText);
  const starts = windowsOf(lines, wanted);
  if (starts.length > 1) return refuse(ambiguous(starts.map((start) => start + 1)));
  const [start] = starts;
  if (start === undefined) return refuse(notFound(lines, wanted));
  const window = lines.slice(start, start + wanted.length);
  const from = window[0]?.start ?? 0;
  const to = window.at(-1)?.end ?? from;
  if (newText.trim() === "") return replaceAt(text, from, endOfLine(text, to) - from, "", true);
  const actual = window.map((line) => line.text);
  const file = lines.map((line) => line.text);
  const indented = reindent({ lines: writtenLines(newText), written: wanted, actual, file });
  if (!indented.ok) return refuse(otherIndentation(indented.reason, file, start, wanted.length));
  return replaceAt(text, from, to - from, indented.lines.join(lineEnding(text)), true);
};

/** Where the line after the one that ends at `offset` begins. */
const endOfLine = (text: string, offset: number): number => {
  const newline = text.indexOf("\n", offset);
  return newline < 0 ? text.length : newline + 1;
};

const otherIndentation = (reason: string, file: readonly string[], start: number, height: number): string =>
  `old_text has another indentation than the file: ${reason}. The lines are:\n` +
  `${numbered(file, start + 1, start + height)}\nCopy old_text from there, without the numbers.`;

/** The places where the wanted lines follow one another, whatever the white space around each. */
const windowsOf = (lines: readonly Line[], wanted: readonly string[]): number[] => {
  const trimmed = lines.map((line) => line.text.trim());
  const parts = wanted.map((line) => line.trim());
  const starts: number[] = [];
  for (let start = 0; start + parts.length <= trimmed.length; start += 1) {
    if (parts.every((part, index) => trimmed[start + index] === part)) starts.push(start);
  }
  return starts;
};

const notFound = (lines: readonly Line[], wanted: readonly string[]): string => {
  const texts = lines.map((line) => line.text);
  const region = nearestRegion(texts, wanted);
  if (region === null) return "old_text is not in it, and nothing in it is like it. Read the file again.";
  const shown = numbered(texts, region.first_line, region.last_line);
  return `old_text is not in it. The nearest lines are:\n${shown}\nCopy old_text from there, without the numbers.`;
};
