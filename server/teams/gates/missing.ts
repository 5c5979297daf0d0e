import type { FileChange } from "../../../schemas/changes.ts";
import type { TestLayout } from "../../../schemas/test-layout.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import { classifyPath } from "../../workspace/classify.ts";
import { decodeText, fromFileContent } from "../../workspace/encoding.ts";

/** Messages of runners and compilers about a missing module or name, which is the group. */
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

/** The last word of a path or qualified name, without the extension of a file. */
const wordOf = (missing: string): string =>
  missing
    .replace(/\.[cm]?[jt]sx?$|\.(py|rb|json)$/, "")
    .split(/[\\/.:]+/)
    .at(-1) ?? missing;

/** Whether the change has a file with this name, or a source that contains this word. */
const isBrought = (word: string, sources: readonly FileChange[]): boolean =>
  sources.some(({ path, content }) => {
    if (word === "" || content === null) return false;
    if (path.split(/[\\/.]/).includes(word)) return true;
    const text = decodeText(fromFileContent(content))?.text ?? "";
    return text.split(/[^\p{L}\p{N}_$]+/u).includes(word);
  });

/** The names that are missing according to a message. */
const missedIn = (message: string): string[] =>
  sayings.flatMap((saying) => [...message.matchAll(saying)].map(([, name = ""]) => wordOf(name)));

/** Whether these sources of the state before the change have everything that the message reports as missing. */
export const missesOnly = (message: string, before: readonly FileChange[], layout: TestLayout): boolean => {
  const words = missedIn(message);
  const sources = before.filter(({ path }) => classifyPath(path, layout) === "source");
  return words.length > 0 && words.every((word) => isBrought(word, sources));
};

/**
 * The names that are missing in test files that could not be loaded. Null if the sources of the change do not have
 * all of them, or a file could not be loaded for another reason.
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
