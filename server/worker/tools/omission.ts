/** Signs of a comment, or of a placeholder in brackets, around the words of a line. */
const opening = /^\s*(?:\{?\/\*+|\/\/+|#+(?![a-z!])|<!--|--+|;+|%+|'|\*|\{#|\(\*|rem\b|[[(<]{1,2})?\s*/i;
const closing = /(?:\*+\/\}?|-->|#\}|\*\)|[\])>]{1,2})$/;

const ellipsis = /\.{3,}|…/;
const left =
  /\b(rest|remain(ing|der|s)?|existing|unchanged|un(modified|touched)|same|other|previous(ly)?|original|omitted|elided|truncated|skipped|abbreviated|above|before|below|keep|continue[sd]?|etc|as[ -]is|and so on|more|code|implementation|here)\b/i;
const part =
  "(?:code|file|functions?|class(?:es)?|methods?|implementations?|module|component|content|tests?|logic|imports?|lines?|body|definitions?|handlers?|routes?|styles?|config(?:uration)?|fields?|props?)";
const phrases: readonly RegExp[] = [
  new RegExp(`\\b(?:rest|remainder|remaining)\\b.*\\b${part}\\b`, "i"),
  new RegExp(
    `\\b(?:existing|previous|original|other|current)\\b.*\\b${part}\\b.*\\b(?:here|unchanged|omitted|stays?|remains?|same|as is|above|below|goes?|continues?)\\b`,
    "i",
  ),
  new RegExp(`^(?:the )?(?:existing|previous|original|remaining) (?:\\w+ )?${part}$`, "i"),
  new RegExp(
    `\\b(?:keep|leave|include|insert|paste|add)\\b.*\\b(?:rest|existing|previous|original|remaining)\\b`,
    "i",
  ),
  new RegExp(
    `\\b${part}\\b.*\\b(?:omitted|elided|truncated|unchanged|(?:stays?|remains?) (?:the same|as))\\b`,
    "i",
  ),
  /\b(?:omitted|elided|truncated)\b.*\b(?:brevity|clarity)\b/i,
  /^(?:same as (?:before|above|original)|unchanged|no changes?(?: (?:here|above|below))?|as before)$/i,
];

/** Whether the line is a comment, or in brackets: plain words of code are no placeholder. */
const isRemark = (line: string): boolean =>
  /^\s*(\{?\/\*|\/\/|#(?![a-z!])|<!--|--|;|%|\*|\{#|\(\*|\[|<|\.{3,}|…)/i.test(line);

// A body that does nothing, and what is said of it: `def keep(): ...  # unchanged`, `keep() { /* ... */ }`.
const remarkedBody = /(?:(?::|^)\s*(?:\.{3}|pass)\s+(#.*)|\{\s*(\/\*.*\*\/)\s*\}[;,)]*)\s*$/;

/** A longer line says more than that code was left out. */
const LONGEST = 300;
const MOST_WORDS = 14;

/** Whether a line replaces code that was left out: `// ... rest of the code`, `# existing methods here`. */
export const isPlaceholder = (line: string): boolean => {
  if (line.length > LONGEST) return false;
  const [, inPython, inBraces] = remarkedBody.exec(line) ?? [];
  return isPlaceholderRemark(inPython ?? inBraces ?? line);
};

const isPlaceholderRemark = (line: string): boolean => {
  // In front of a word, three dots without a comment are code: `...rest`.
  if (!isRemark(line) || /^\s*[[(<{]*\.{3}\w/.test(line)) return false;
  const words = line.replace(opening, "").trimEnd().replace(closing, "").replace(/^\(/, "").trim();
  const bare = words
    .replace(/^(\.{3,}|…)|(\.{3,}|…)$/g, "")
    .replace(/[.:!]+$/, "")
    .trim();
  const isSentence = /^\s*[[<]\w+( \w+){2,}[\]>]\s*$/.test(line);
  const isComment = isSentence || !/^\s*(\.{3,}|…|\[|<(?!!--))/.test(line);
  if (ellipsis.test(words)) {
    // A bare `...` is code in Python, a comment of nothing else is not.
    if (bare === "") return isComment;
    const isAtEdge = /^(\.{3,}|…)|(\.{3,}|…)$/.test(words);
    if (isAtEdge && left.test(bare)) return /^[\w\s,'’()/&.…-]*$/.test(words);
  }
  return isComment && bare.split(/\s+/).length <= MOST_WORDS && phrases.some((phrase) => phrase.test(bare));
};

interface Placeholder {
  line: string;
  /** From 1. */
  number: number;
}

interface PythonFunction extends Placeholder {
  name: string;
  /** Its whole body is `...`. */
  isStub: boolean;
}

const pythonFunctions = (lines: readonly string[]): PythonFunction[] =>
  lines.flatMap((line, index) => {
    const [, name, rest = ""] = /^\s*(?:async\s+)?def\s+(\w+)\s*\((.*)$/.exec(line) ?? [];
    if (name === undefined) return [];
    const isStub = /:\s*\.{3}\s*$/.test(rest) || (/:\s*$/.test(rest) && lines[index + 1]?.trim() === "...");
    return [{ name, line: line.trim(), number: index + 1, isStub }];
  });

/** The first Python function that had a body and has none left. An overload comes with one that has it. */
const emptied = (lines: readonly string[], known: readonly string[]): Placeholder | undefined => {
  const functions = pythonFunctions(lines);
  if (!functions.some(({ isStub }) => isStub)) return undefined;
  const whole = (of: readonly PythonFunction[]) =>
    new Set(of.flatMap(({ name, isStub }) => (isStub ? [] : [name])));
  const [now, before] = [whole(functions), whole(pythonFunctions(known))];
  return functions.find(({ name }) => before.has(name) && !now.has(name));
};

/** The first placeholder in a text that is not in `known` word for word; `null`: there is none. */
export const placeholderIn = (text: string, known: string): Placeholder | null => {
  const [lines, before] = [text.split(/\r?\n/), known.split(/\r?\n/)];
  const old = new Set(before.map((line) => line.trim()));
  const index = lines.findIndex((line) => isPlaceholder(line) && !old.has(line.trim()));
  const line = lines[index];
  if (line !== undefined) return { line: line.trim(), number: index + 1 };
  const found = emptied(lines, before);
  return found === undefined ? null : { line: found.line, number: found.number };
};
