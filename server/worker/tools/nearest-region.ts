export interface Region {
  /** Counted from 1. */
  first_line: number;
  last_line: number;
}

const CONTEXT_LINES = 3;
const MOST_LINES = 40;
/** Least likeness per line at which showing a region helps. */
const LEAST_LIKENESS = 0.3;

/**
 * The lines of a file that are most like the wanted ones, with some around them; `null` when none
 * is. Likeness of two lines is the share of words they have in common.
 */
export const nearestRegion = (lines: readonly string[], wanted: readonly string[]): Region | null => {
  const wantedWords = wanted
    .slice(0, MOST_LINES)
    .map(wordsOf)
    .filter((words) => words.size > 0);
  if (wantedWords.length === 0) return null;
  const height = wantedWords.length;
  const scores = lines.map((line) => {
    const words = wordsOf(line);
    return Math.max(...wantedWords.map((each) => likeness(words, each)));
  });
  let sum = 0;
  let best = { score: 0, start: 0 };
  for (const [line, score] of scores.entries()) {
    sum += score - (scores[line - height] ?? 0);
    if (sum > best.score + 1e-9) best = { score: sum, start: Math.max(0, line - height + 1) };
  }
  if (best.score / height < LEAST_LIKENESS) return null;
  return {
    first_line: Math.max(1, best.start + 1 - CONTEXT_LINES),
    last_line: Math.min(lines.length, best.start + height + CONTEXT_LINES),
  };
};

const wordsOf = (line: string): Set<string> => new Set(line.match(/[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu));

const likeness = (one: ReadonlySet<string>, other: ReadonlySet<string>): number => {
  if (one.size === 0) return 0;
  let common = 0;
  for (const word of one) if (other.has(word)) common += 1;
  return (2 * common) / (one.size + other.size);
};
