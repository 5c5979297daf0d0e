import { codeOfRust } from "./rust-code.ts";

/**
 * Tests in the same file as the code they test: modules and functions of Rust that only a test build
 * compiles, and blocks for vitest. An agent that may not change tests may not change these either.
 */

/** The tests in the text of a source, in a form that can be compared; `null` if there are none. */
export const testsInSource = (path: string, text: string): string | null => {
  const parts = path.endsWith(".rs")
    ? rustTests(text)
    : /\.[cm]?[jt]sx?$/.test(path) && text.includes("import.meta.vitest")
      ? vitestBlocks(text)
      : [];
  const lines = parts.flatMap((part) => part.split(/\r?\n/).map((line) => line.trim()));
  const kept = lines.filter((line) => line !== "");
  return kept.length === 0 ? null : kept.join("\n");
};

/** An attribute of what follows it, or (`#!`) of what it is in. */
const attribute = /#!?\[/g;

/**
 * The items of Rust below an attribute for tests, each with all of its attributes and what it contains,
 * and the conditions of the file, which could leave the tests out.
 */
const rustTests = (text: string): string[] => {
  const code = codeOfRust(text);
  const items: string[] = [];
  const conditions: string[] = [];
  attribute.lastIndex = 0;
  for (let found = attribute.exec(code); found !== null; found = attribute.exec(code)) {
    const { index } = found;
    let end = closingOf(code, attribute.lastIndex);
    if (found[0] === "#![") {
      if (/^#!\[\s*cfg\s*\(/.test(code.slice(index, end))) conditions.push(text.slice(index, end));
    } else {
      let isTest = isTestAttribute(code.slice(attribute.lastIndex, end - 1));
      for (let next = nextAttribute(code, end); next !== null; next = nextAttribute(code, end)) {
        end = closingOf(code, next);
        isTest ||= isTestAttribute(code.slice(next, end - 1));
      }
      if (isTest) end = endOfItem(code, end);
      if (isTest) items.push(text.slice(index, end));
    }
    attribute.lastIndex = end;
  }
  return items.length === 0 ? [] : [...conditions, ...items];
};

/** Where the inside of the attribute begins that comes next, if one does. */
const nextAttribute = (code: string, from: number): number | null => {
  const next = /\s*#\[/y;
  next.lastIndex = from;
  return next.test(code) ? next.lastIndex : null;
};

/** Where the brackets end that were opened before `from`. */
const closingOf = (code: string, from: number): number => {
  const bracket = /[[\]]/g;
  let depth = 1;
  bracket.lastIndex = from;
  for (let found = bracket.exec(code); found !== null; found = bracket.exec(code)) {
    depth += found[0] === "[" ? 1 : -1;
    if (depth === 0) return bracket.lastIndex;
  }
  return code.length;
};

/** How an item begins; a field, a variant or an arm begins otherwise, and ends with a comma. */
const itemWord =
  /^\s*(?:pub(?:\s*\([^()]*\))?\s+)?(?:unsafe|async|const|extern|fn|mod|use|struct|enum|union|trait|impl|type|static|macro_rules|let)\b/;

/** Where the item that begins at `from` ends: after its block, or its semicolon. */
const endOfItem = (code: string, from: number): number => {
  const isItem = itemWord.test(code.slice(from, from + 200));
  const sign = /[()[\]{};,]/g;
  let depth = 0;
  sign.lastIndex = from;
  for (let found = sign.exec(code); found !== null; found = sign.exec(code)) {
    const [token] = found;
    if ("([{".includes(token)) depth += 1;
    if (")]}".includes(token)) depth -= 1;
    // What it is in ends here, too.
    if (depth < 0) return found.index;
    const isEnd = token === "}" || token === ";" || (token === "," && !isItem);
    if (depth === 0 && isEnd) return sign.lastIndex;
  }
  return code.length;
};

const isTestAttribute = (written: string): boolean => {
  const words = written.replace(/\s+/g, "");
  if (words.startsWith("cfg(")) return isOnlyInTests(words);
  return /^(\w+::)*(test|bench|rstest|test_case)\b/.test(words);
};

const LONGEST_CONDITION = 1000;

/** Whether a condition holds in test builds alone: `any(test, unix)` holds in others as well. */
const isOnlyInTests = (condition: string): boolean => {
  if (condition.length > LONGEST_CONDITION) return /\btest\b/.test(condition);
  const judge = (_: string, name: string, inner: string): string => {
    const parts = inner.split(",").filter((part) => part !== "");
    const isOnly =
      name === "any"
        ? parts.length > 0 && parts.every((part) => part === "test")
        : name !== "not" && parts.includes("test");
    return isOnly ? "test" : "other";
  };
  let rest = condition;
  for (let before = ""; before !== rest;) {
    before = rest;
    rest = before.replace(/(\w+)\(([^()]*)\)/g, judge);
  }
  return rest === "test";
};

/** A text that names it, as configurations do: `"import.meta.vitest": "undefined"`. */
const inQuotes = /["'`]import\.meta\.vitest["'`]/;

/** Blocks of vitest, each up to the line that closes it with the same indentation. */
const vitestBlocks = (text: string): string[] => {
  const blocks: string[] = [];
  let open: { indent: string; lines: string[] } | null = null;
  let isComment = false;
  for (const line of text.split("\n")) {
    if (open === null) {
      isComment ||= /^\s*\/\*/.test(line);
      const isSkipped = isComment || /^\s*\/\//.test(line) || inQuotes.test(line);
      if (line.includes("*/")) isComment = false;
      if (isSkipped || !line.includes("import.meta.vitest")) continue;
    }
    open ??= { indent: /^\s*/.exec(line)?.[0] ?? "", lines: [] };
    open.lines.push(line);
    const isFirst = open.lines.length === 1;
    if (isFirst ? !/[;}]$/.test(line.trimEnd()) : !line.startsWith(`${open.indent}}`)) continue;
    blocks.push(open.lines.join("\n"));
    open = null;
  }
  if (open !== null) blocks.push(open.lines.join("\n"));
  return blocks;
};
