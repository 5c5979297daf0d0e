import type { Range } from "vscode-languageserver/node";
import type { Finding } from "../../schemas/findings.ts";
import { fingerprintOf, subjectOf } from "../executions/findings.ts";

/** A finding, and where its text stands in a document now: a line from 0, `null` if nowhere. */
export interface Placed {
  finding: Finding;
  line: number | null;
  /** Where it stood last, moved along with edits since: the place it is looked for first. */
  expected: number;
  /** Its lines as {@link trimmedLines} has them, once seen; until then its fingerprint is all there is. */
  subject: readonly string[] | null;
}

/** The lines of a text as findings are compared with them: without indentation and line ends. */
export const trimmedLines = (text: string): string[] => text.split("\n").map((line) => line.trim());

/** An edit of a document, as the protocol tells it. */
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

/** Line numbers from the nearest to the farthest of `from`. */
function* outwards(from: number, count: number): Generator<number> {
  const start = Math.min(Math.max(from, 0), Math.max(count - 1, 0));
  for (let distance = 0; distance < count; distance += 1) {
    if (start - distance >= 0) yield start - distance;
    if (distance > 0 && start + distance < count) yield start + distance;
  }
}

/**
 * Looks for the finding's text in {@link trimmedLines}, first where it is expected, then ever farther
 * away. One that was never seen costs a hash for each line: while somebody types it is looked for
 * only where it is expected (`isThorough` false).
 */
export const settle = (placed: Placed, lines: readonly string[], isThorough = true): Placed => {
  const { finding, expected } = placed;
  // Made without a file at hand, its fingerprint stands for its title: the line is all that is known.
  const byTitle = fingerprintOf(finding.path, finding.category, finding.title) === finding.fingerprint;
  if (byTitle) return { ...placed, line: expected < lines.length ? expected : null };
  const candidates = placed.subject !== null || isThorough ? outwards(expected, lines.length) : [expected];
  for (const line of candidates) {
    if (!isAt(placed, lines, line)) continue;
    return { ...placed, line, expected: line, subject: lines.slice(line, line + heightOf(finding)) };
  }
  return { ...placed, line: null };
};

/** Where the beginning of a line is after an edit; from inside of what was replaced it goes to its start. */
export const moveLine = (line: number, { range: { start, end }, text }: Edit): number => {
  if (line < start.line || (line === start.line && start.character > 0)) return line;
  const isBehind = line > end.line || (line === end.line && end.character === 0);
  return isBehind ? line - end.line + start.line + text.split("\n").length - 1 : start.line;
};

export const follow = (placed: Placed, edit: Edit): Placed => ({
  ...placed,
  expected: moveLine(placed.expected, edit),
});
