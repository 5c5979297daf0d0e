import type { Range } from "vscode-languageserver/node";
import type { Finding } from "../../../schemas/findings.ts";
import { fingerprintOf, subjectOf } from "../../executions/findings.ts";

/** A finding, and the line of its text in a document now, from 0. `null` if the text does not occur. */
export interface Placed {
  finding: Finding;
  line: number | null;
  /** Its last position, moved along with later edits. The search starts there. */
  expected: number;
  /**
   * Its lines in the form of {@link searchedText}, after they were seen. Until then, only its fingerprint is
   * known.
   */
  subject: readonly string[] | null;
}

/** A text in the form for searching: its lines without indentation and line ends. */
export interface SearchedText {
  lines: readonly string[];
  /** The positions of a line, from top to bottom. */
  linesOf: (content: string) => readonly number[];
}

export const searchedText = (text: string): SearchedText => {
  const lines = text.split("\n").map((line) => line.trim());
  let index: Map<string, number[]> | null = null;
  return {
    lines,
    linesOf: (content) => {
      // Created for the first finding that has moved. Usually, none has.
      index ??= lines.reduce((map, line, number) => {
        const known = map.get(line);
        if (known === undefined) map.set(line, [number]);
        else known.push(number);
        return map;
      }, new Map<string, number[]>());
      return index.get(content) ?? [];
    },
  };
};

/** An edit of a document, in the protocol's form. */
export interface Edit {
  range: Range;
  text: string;
}

export const place = (finding: Finding): Placed => ({
  finding,
  line: null,
  expected: finding.start_line - 1,
  subject: null,
});

const heightOf = ({ start_line, end_line }: Finding): number => end_line - start_line + 1;

const isAt = ({ finding, subject }: Placed, lines: readonly string[], line: number): boolean => {
  if (subject !== null) return subject.every((content, index) => lines[line + index] === content);
  const found = subjectOf(lines.slice(line, line + heightOf(finding)));
  return fingerprintOf(finding.path, finding.category, found) === finding.fingerprint;
};

/**
 * The number of lines around the expected position in which to search for a finding that was never seen. Each
 * line costs a hash.
 */
const FARTHEST_UNSEEN = 1000;

const nearestFirst = (lines: readonly number[], expected: number): number[] =>
  lines.toSorted((a, b) => Math.abs(a - expected) - Math.abs(b - expected));

/** Other possible positions of a finding, nearest first. */
const candidates = (
  { expected, subject }: Placed,
  { lines, linesOf }: SearchedText,
  isThorough: boolean,
): readonly number[] => {
  if (subject !== null) return nearestFirst(linesOf(subject[0] ?? ""), expected);
  if (!isThorough) return [];
  const near = [...lines.keys()].slice(Math.max(expected - FARTHEST_UNSEEN, 0), expected + FARTHEST_UNSEEN);
  return nearestFirst(near, expected);
};

/**
 * Searches for the finding's text. A finding that was never seen costs a hash for each line, so while the
 * user types (`isThorough` false), the search covers only its expected position.
 */
export const settle = (placed: Placed, text: SearchedText, isThorough = true): Placed => {
  const { finding, expected } = placed;
  const { lines } = text;
  // Without a file, the fingerprint is that of the title, so only the line is known.
  const byTitle = fingerprintOf(finding.path, finding.category, finding.title) === finding.fingerprint;
  if (byTitle) return { ...placed, line: expected < lines.length ? expected : null };
  const isHere = (line: number): boolean => isAt(placed, lines, line);
  const line = isHere(expected) ? expected : candidates(placed, text, isThorough).find(isHere);
  if (line === undefined) return { ...placed, line: null };
  return { ...placed, line, expected: line, subject: lines.slice(line, line + heightOf(finding)) };
};

/** The position of the start of a line after an edit. A position inside replaced text moves to its start. */
const moveLine = (line: number, { range: { start, end }, text }: Edit): number => {
  if (line < start.line || (line === start.line && start.character > 0)) return line;
  const isBehind = line > end.line || (line === end.line && end.character === 0);
  return isBehind ? line - end.line + start.line + text.split("\n").length - 1 : start.line;
};

export const follow = (placed: Placed, edit: Edit): Placed => ({
  ...placed,
  expected: moveLine(placed.expected, edit),
});
