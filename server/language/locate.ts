import type { Range } from "vscode-languageserver/node";
import type { Finding } from "../../schemas/findings.ts";
import { fingerprintOf, subjectOf } from "../executions/findings.ts";

/** A finding, and where its text stands in a document now: a line from 0, `null` if nowhere. */
export interface Placed {
  finding: Finding;
  line: number | null;
  /** Where it stood last, moved along with edits since: the place it is looked for first. */
  expected: number;
  /** Its text, once it was seen; until then it is known by its fingerprint alone. */
  subject: string | null;
}

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

const isAt = (placed: Placed, lines: readonly string[], line: number): boolean => {
  const { finding, subject } = placed;
  const found = subjectOf(lines.slice(line, line + heightOf(finding)));
  if (subject !== null) return found === subject;
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

/** Looks for the finding's text in a document, first where it is expected, then ever farther away. */
export const settle = (placed: Placed, lines: readonly string[]): Placed => {
  const { finding, expected } = placed;
  // Made without a file at hand, its fingerprint stands for its title: the line is all that is known.
  const byTitle = fingerprintOf(finding.path, finding.category, finding.title) === finding.fingerprint;
  if (byTitle) return { ...placed, line: expected < lines.length ? expected : null };
  for (const line of outwards(expected, lines.length)) {
    if (!isAt(placed, lines, line)) continue;
    const subject = subjectOf(lines.slice(line, line + heightOf(finding)));
    return { ...placed, line, expected: line, subject };
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
