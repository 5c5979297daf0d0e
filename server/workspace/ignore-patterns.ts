/** From so many `**` in one pattern on, matching it against a deep path takes longer than anybody waits. */
const MOST_ANY_DEPTH = 2;
/** Each path is held against each pattern. */
const MOST_PATTERNS = 10_000;

const anyDepth = /(?<=^|\/)\*\*(?=\/|$)/g;

const bounded = (line: string): string => {
  const written = line.replace(/(?<=^|\/)(\*\*\/)+(?=\*\*(\/|$))/g, "");
  const found = [...written.matchAll(anyDepth)];
  const [first, last] = [found[0]?.index, found.at(-1)?.index];
  if (found.length <= MOST_ANY_DEPTH || first === undefined || last === undefined) return written;
  // What it opens it would open too wide.
  return written.startsWith("!") ? "" : `${written.slice(0, first)}${written.slice(last)}`;
};

/**
 * The text of an ignore file whose patterns are matched in time that any path allows. A pattern with more
 * than two `**` closes all that its beginning and its end do, and opens nothing. Throws where there are
 * too many patterns.
 */
export const boundedPatterns = (text: string): string => {
  const lines = text.split(/\r?\n/);
  if (lines.length > MOST_PATTERNS) throw new RangeError("it has too many patterns");
  return lines.map(bounded).join("\n");
};
