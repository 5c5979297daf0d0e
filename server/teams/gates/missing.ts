import type { FileChange } from "../../../schemas/changes.ts";
import type { TestLayout } from "../../../schemas/test-layout.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import { classifyPath } from "../../workspace/classify.ts";
import { decodeText, fromFileContent } from "../../workspace/encoding.ts";

/** How runners and compilers say that a module or a name is not there; the group is what is missing. */
const sayings: readonly RegExp[] = [
  /Cannot find (?:module|package) ['"]([^'"]+)['"]/g,
  /does not provide an export named ['"]([^'"]+)['"]/g,
  /Failed to resolve import ['"]([^'"]+)['"]/g,
  /Failed to load url (\S+)/g,
  /has no exported member (?:named )?['"]([^'"]+)['"]/g,
  /No module named ['"]([^'"]+)['"]/g,
  /cannot import name ['"]([^'"]+)['"]/g,
  /cannot load such file -- (\S+)/g,
  /uninitialized constant (\S+)/g,
  /undefined: ([\w.]+)/g,
  /(?:cannot find (?:\w+ )+|unresolved import )`([^`]+)`/g,
  /cannot find symbol[^]*?symbol:\s+\w+\s+(\w+)/g,
  /(?:name|type or namespace name) ['"](\w+)['"] (?:could not be found|does not exist)/g,
];

/** The last word of a path or of a qualified name, without a file's ending. */
const wordOf = (missing: string): string =>
  missing
    .replace(/\.[cm]?[jt]sx?$|\.(py|rb|json)$/, "")
    .split(/[\\/.:]+/)
    .at(-1) ?? missing;

/** Whether the change has a file of that name, or a source with that word in it. */
const isBrought = (word: string, sources: readonly FileChange[]): boolean =>
  sources.some(({ path, content }) => {
    if (word === "" || content === null) return false;
    if (path.split(/[\\/.]/).includes(word)) return true;
    const text = decodeText(fromFileContent(content))?.text ?? "";
    return text.split(/[^\p{L}\p{N}_$]+/u).includes(word);
  });

/** The names that a message says are not there. */
const missedIn = (message: string): string[] =>
  sayings.flatMap((saying) => [...message.matchAll(saying)].map(([, name = ""]) => wordOf(name)));

/** Whether all that the message misses is in these sources, of the state before the change. */
export const missesOnly = (message: string, before: readonly FileChange[], layout: TestLayout): boolean => {
  const words = missedIn(message);
  const sources = before.filter(({ path }) => classifyPath(path, layout) === "source");
  return words.length > 0 && words.every((word) => isBrought(word, sources));
};

/**
 * What test files that could not be loaded miss, when all of it is what the change brings in its
 * sources; null when a file could not be loaded for another reason.
 */
export const missingNames = (
  report: TestReport,
  change: readonly FileChange[],
  layout: TestLayout,
): string[] | null => {
  if (report.outcome !== "load_error" || report.errors.length > 0) return null;
  const sources = change.filter(({ path }) => classifyPath(path, layout) === "source");
  const missing = report.load_errors.map(({ message }) => missedIn(message));
  const isAwaited = (words: readonly string[]): boolean =>
    words.length > 0 && words.every((word) => isBrought(word, sources));
  return missing.every(isAwaited) ? [...new Set(missing.flat())].sort() : null;
};
