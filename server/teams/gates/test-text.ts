const written = String.raw`(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|-?\d[\d_.]*|true|false|null|undefined|\[\s*\]|\{\s*\})`;
/** Assertions whose operands are all literals: their result does not depend on the code. */
const truths = [
  String.raw`\bexpect\(\s*${written}\s*\)(?:\s*\.\w+)*\(\s*(?:${written})?\s*\)`,
  String.raw`\bassert(?:\.\w+)*\(\s*${written}(?:\s*,\s*${written})*\s*,?\s*\)`,
].map((each) => new RegExp(each, "g"));
/** Calls that may assert something, possibly in a helper. */
const mayAssert = /\b\w*(?:expect|assert|should|check|verif|ensure|must|match)\w*|\bt\.\w+\(|\bfc\./i;
const commentOrText =
  /\/\*(?:[^*]|\*(?!\/))*(?:\*\/|$)|(?<!\\)\/\/[^\n]*|(?<!\\)"(?:[^"\\\n]|\\[^])*"|(?<!\\)'(?:[^'\\\n]|\\[^])*'|`(?:[^`\\]|\\[^])*(?:`|$)/g;

const pythonCommentOrText =
  /#[^\n]*|("""|''')(?:\\[^]|(?!\1)[^])*(?:\1|$)|"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'/g;

/** What is no code in a file: its comments and texts. */
export const noCodeOf = (path: string): RegExp =>
  path.endsWith(".py") ? pythonCommentOrText : commentOrText;

/** A file with blanks in the place of its comments and texts: their words and brackets are no code. */
export const codeOf = (file: string, noCode = commentOrText): string =>
  file.replace(noCode, (found) => " ".repeat(found.length));

/** From an opening bracket to the one that closes it. */
export const bracketed = (code: string, from: number): string => {
  let depth = 0;
  for (let at = from; at < code.length; at += 1) {
    if ("([{".includes(code[at] ?? "")) depth += 1;
    else if (")]}".includes(code[at] ?? "")) depth -= 1;
    if (depth === 0) return code.slice(from, at + 1);
  }
  return code.slice(from);
};

/** The text of a test in JavaScript, starting after its name; null if the file does not contain the name. */
const bodyOf = (file: string, code: string, name: string): string | null => {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const calls = [
    ...file.matchAll(
      new RegExp(String.raw`\b(?:it|test|specify)(?:\.\w+)*\s*\(\s*["'\`]${escaped}["'\`]`, "g"),
    ),
  ];
  const call = calls.find(({ index }) => code[index] !== " ");
  if (call === undefined) return null;
  const open = file.indexOf("(", call.index);
  return file.slice(call.index + call[0].length, open + bracketed(code, open).length);
};

/** The text of a test function in Python, after its parameters; null if there is none with this name. */
const pythonBodyOf = (file: string, code: string, name: string): string | null => {
  const [word = ""] = name.split(/\W/, 1);
  const start = new RegExp(`^([^\\S\\n]*)(?:async\\s+)?def\\s+${word}\\s*(?=\\()`, "m").exec(code);
  if (start === null) return null;
  const [head, indent = ""] = start;
  const open = start.index + head.length;
  const from = open + bracketed(code, open).length;
  // The first line that is not further to the right.
  const end = new RegExp(`\\n[^\\S\\n]{0,${indent.length}}(?=\\S)`).exec(code.slice(from));
  return file.slice(from, end === null ? undefined : from + end.index);
};

/** Gives the text of each test in a file in JavaScript or Python, by its name with or without those of its suites. */
export const testBodiesIn = (path: string, file: string): ((name: string) => string | null) => {
  const find = path.endsWith(".py") ? pythonBodyOf : bodyOf;
  const code = codeOf(file, noCodeOf(path));
  return (name) => find(file, code, name.split(" > ").at(-1) ?? name);
};

/** Whether a test in JavaScript asserts only about its own literals. */
export const assertsTruthsAlone = (file: string, name: string): boolean => {
  const body = bodyOf(file, codeOf(file), name);
  if (body === null) return false;
  const rest = truths.reduce((text, truth) => text.replace(truth, ""), body);
  return rest !== body && !mayAssert.test(codeOf(rest));
};
