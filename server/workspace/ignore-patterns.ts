/** With this many `**` in one pattern, matching it against a deep path takes too long. */
const MOST_ANY_DEPTH = 2;
/** Every path is compared with every pattern. */
const MOST_PATTERNS = 10_000;

const anyDepth = /(?<=^|\/)\*\*(?=\/|$)/g;

const bounded = (line: string): string => {
  const written = line.replace(/(?<=^|\/)(\*\*\/)+(?=\*\*(\/|$))/g, "");
  const found = [...written.matchAll(anyDepth)];
  const [first, last] = [found[0]?.index, found.at(-1)?.index];
  if (found.length <= MOST_ANY_DEPTH || first === undefined || last === undefined) return written;
  // A pattern that opens paths would open too many.
  return written.startsWith("!") ? "" : `${written.slice(0, first)}${written.slice(last)}`;
};

/**
 * The text of an ignore file, changed so that its patterns match every path quickly. A pattern with more than
 * two `**` closes all paths that fit its beginning and its end, and opens none. Throws if there are too many
 * patterns.
 */
export const boundedPatterns = (text: string): string => {
  const lines = text.split(/\r?\n/);
  if (lines.length > MOST_PATTERNS) throw new RangeError("it has too many patterns");
  return lines.map(bounded).join("\n");
};
