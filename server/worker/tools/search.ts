import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createContext, Script } from "node:vm";
import { plainLine } from "../../../schemas/plain-text.ts";
import { decodeText } from "../../workspace/encoding.ts";
import { pacer } from "../../workspace/pace.ts";
import { statFile } from "../copy/stamp.ts";
import { showLine } from "./lines.ts";
import { visibleFiles } from "./list-files.ts";
import { done, refused, type Tool } from "./tool.ts";

const MOST_MATCHES = 100;
const LARGEST_FILE = 2 * 1024 * 1024;
const LONGEST_LINE = 300;
/** Time all matching of one search may take; a regular expression can be slow beyond reason. */
const MATCHING_MS = 3000;

/** Finds lines by a text or a regular expression in the files agents may see. */
export const search: Tool<"search"> = async ({ pattern, glob, regex }, { copy, signal }) => {
  const finder = regex === true ? regexFinder(pattern) : textFinder(pattern);
  if (typeof finder === "string") return refused(finder);
  const pace = pacer("searching", signal);
  const matches: string[] = [];
  let files = 0;
  for (const path of await visibleFiles(copy, glob, signal)) {
    await pace();
    const text = readText(join(copy.root, path));
    if (text === null) continue;
    const lines = finder(text);
    if (lines === "too slow") return refused(tooSlow(pattern));
    if (lines === "too large") return refused(`The regular expression is too large. Use a simpler one.`);
    if (lines.length > 0) files += 1;
    matches.push(
      ...lines.map(({ number, line }) => `${plainLine(path)}:${number}: ${showLine(line, LONGEST_LINE)}`),
    );
    if (matches.length > MOST_MATCHES) break;
  }
  if (matches.length === 0) return done(`Nothing matches ${pattern}.`);
  if (matches.length <= MOST_MATCHES) return done(matches.join("\n"));
  const shown = matches.slice(0, MOST_MATCHES).join("\n");
  return done(
    `${shown}\n[cut: more matches than ${MOST_MATCHES} in ${files} files or more; narrow it with a glob]`,
  );
};

const tooSlow = (pattern: string): string =>
  `The regular expression ${pattern} takes longer than ${MATCHING_MS / 1000} s on these files. ` +
  "Use a simpler one, a plain text, or a glob.";

const readText = (path: string): string | null => {
  const stats = statFile(path);
  if (stats?.isFile() !== true || stats.size > LARGEST_FILE) return null;
  return decodeText(readFileSync(path))?.text ?? null;
};

interface FoundLine {
  number: number;
  line: string;
}
type Finder = (text: string) => FoundLine[] | "too slow" | "too large";

const textFinder = (pattern: string): Finder => {
  const wanted = pattern.replaceAll("\r\n", "\n");
  if (!wanted.includes("\n")) return (text) => (text.includes(wanted) ? linesWith(text, wanted) : []);
  return (text) => firstLinesOf(text.replaceAll("\r\n", "\n"), wanted);
};

const linesWith = (text: string, wanted: string): FoundLine[] =>
  text
    .split(/\r?\n/)
    .map((line, index) => ({ number: index + 1, line }))
    .filter(({ line }) => line.includes(wanted));

/** Lines in which a text of several lines begins. */
const firstLinesOf = (text: string, wanted: string): FoundLine[] => {
  const found: FoundLine[] = [];
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
    const number = text.slice(0, at).split("\n").length;
    found.push({ number, line: text.split("\n", number)[number - 1] ?? "" });
  }
  return found;
};

/**
 * Matches line by line inside a script with a deadline, which is the only way to interrupt a regular
 * expression without another thread. Returns a reason instead of a finder for an invalid one.
 */
const regexFinder = (pattern: string): Finder | string => {
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, "u");
  } catch {
    try {
      expression = new RegExp(pattern);
    } catch (error) {
      return `${pattern} is no regular expression: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  let found: FoundLine[] = [];
  let lines: string[] = [];
  const match = (): void => {
    for (const [index, line] of lines.entries()) {
      if (expression.test(line)) found.push({ number: index + 1, line });
    }
  };
  const script = new Script("match()");
  const context = createContext({ match });
  let left = MATCHING_MS;
  return (text) => {
    found = [];
    lines = text.split(/\r?\n/);
    const started = performance.now();
    try {
      script.runInContext(context, { timeout: Math.max(1, Math.ceil(left)) });
    } catch (error) {
      if (isTimeout(error)) return "too slow";
      // Some are compiled when they are first used, and turn out too large for the engine then.
      if (error instanceof SyntaxError || error instanceof RangeError) return "too large";
      throw error;
    }
    left -= performance.now() - started;
    return found;
  };
};

/** Not an `Error` of this realm: it comes from the script's own. */
const isTimeout = (error: unknown): boolean =>
  typeof error === "object" &&
  error !== null &&
  "code" in error &&
  error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
