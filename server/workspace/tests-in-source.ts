/**
 * Tests that some languages keep in the file of the code they test: modules and functions of Rust that
 * only a test build compiles, and blocks for vitest. Whoever may not change tests may not change these.
 */

/** The tests in the text of a source, in a form that compares; `null` when there are none. */
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

/** An attribute of an item, as it begins a line. */
const attribute = /^[ \t]*#\[([^\n]*?)\]/gm;

const isTestAttribute = (written: string): boolean => {
  const words = written.replace(/"[^"]*"/g, "");
  if (/^cfg\s*\(/.test(words)) return /\btest\b/.test(words) && !/\bnot\s*\(\s*test\b/.test(words);
  return /^(\w+::)*(test|bench|rstest|test_case)\b/.test(words);
};

/** The items of Rust below an attribute for tests, each with what it contains. */
const rustTests = (text: string): string[] => {
  const items: string[] = [];
  let end = 0;
  for (const { 1: written = "", 0: found, index } of text.matchAll(attribute)) {
    if (index < end || !isTestAttribute(written)) continue;
    end = endOfItem(text, index + found.length);
    items.push(text.slice(index, end));
  }
  return items;
};

/** What is no code in Rust, and the signs that open and close an item. A lifetime is no character. */
const rustToken =
  /\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)|\bb?r(#*)"[^]*?(?:"\1|$)|"(?:[^"\\]|\\[^])*(?:"|$)|'(?:[^'\\\n]|\\[^\n]{1,8})'|[{};]|#!?\[/g;

/** Where the item that begins at `from` ends: after its block, or its semicolon. */
const endOfItem = (text: string, from: number): number => {
  let depth = 0;
  rustToken.lastIndex = from;
  for (let token = rustToken.exec(text); token !== null; token = rustToken.exec(text)) {
    if (token[0] === "{") depth += 1;
    if (token[0] === "}") depth -= 1;
    const isEnd = depth === 0 && (token[0] === "}" || token[0] === ";");
    if (isEnd || depth < 0) return rustToken.lastIndex;
  }
  return text.length;
};

/** Blocks of vitest, each up to the line that closes it with the same indentation. */
const vitestBlocks = (text: string): string[] => {
  const blocks: string[] = [];
  let open: { indent: string; lines: string[] } | null = null;
  for (const line of text.split("\n")) {
    if (open === null && !line.includes("import.meta.vitest")) continue;
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
