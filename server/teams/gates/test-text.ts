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

/** The place of each call in JavaScript that declares a test or suite of this name, and the text after the name. */
const declared = (
  file: string,
  code: string,
  words: string,
  name: string,
): { at: number; body: string }[] => {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const calls = new RegExp(String.raw`\b(?:${words})(?:\.\w+)*\s*\(\s*["'\`]${escaped}["'\`]`, "g");
  return [...file.matchAll(calls)]
    .filter(({ index }) => code[index] !== " ")
    .map(({ 0: call, index }) => {
      const open = file.indexOf("(", index);
      const at = index + call.length;
      return { at, body: file.slice(at, open + bracketed(code, open).length) };
    });
};

/**
 * The text of a test in JavaScript, starting after its name; null if the file does not contain the name. Of several
 * tests with this name, it is one in the given suites, from outside to inside.
 */
const bodyOf = (file: string, code: string, name: string, suites: readonly string[] = []): string | null => {
  const [suite, ...inner] = suites;
  if (suite === undefined) return declared(file, code, "it|test|specify", name)[0]?.body ?? null;
  for (const { at, body } of declared(file, code, "describe|context|suite", suite)) {
    const found = bodyOf(body, code.slice(at, at + body.length), name, inner);
    if (found !== null) return found;
  }
  return bodyOf(file, code, name, inner);
};

/** The first word of a name, without the values of a parametrized test. */
const wordIn = (name: string): string => name.split(/\W/, 1)[0] ?? "";

/** A block of Python, such as a function, from the given place to the first line that is not further to the right. */
const pythonBlock = (code: string, from: number, indent: string): string => {
  const end = new RegExp(`\\n[^\\S\\n]{0,${indent.length}}(?=\\S)`).exec(code.slice(from));
  return code.slice(from, end === null ? undefined : from + end.index);
};

/**
 * The text of a test function in Python, after its parameters; null if there is none with this name. Of several, it is
 * one in the given classes, from outside to inside.
 */
const pythonBodyOf = (
  file: string,
  code: string,
  name: string,
  classes: readonly string[] = [],
): string | null => {
  const [suite, ...inner] = classes;
  if (suite !== undefined) {
    const head = new RegExp(`^([^\\S\\n]*)class\\s+${wordIn(suite)}\\b`, "m").exec(code);
    const from = head === null ? 0 : head.index + head[0].length;
    const block = head === null ? "" : pythonBlock(code, from, head[1] ?? "");
    const found = pythonBodyOf(file.slice(from, from + block.length), block, name, inner);
    return found ?? pythonBodyOf(file, code, name, inner);
  }
  const start = new RegExp(`^([^\\S\\n]*)(?:async\\s+)?def\\s+${wordIn(name)}\\s*(?=\\()`, "m").exec(code);
  if (start === null) return null;
  const open = start.index + start[0].length;
  const from = open + bracketed(code, open).length;
  return file.slice(from, from + pythonBlock(code, from, start[1] ?? "").length);
};

/** Gives the text of each test in a file in JavaScript or Python, by its name with or without those of its suites. */
export const testBodiesIn = (path: string, file: string): ((name: string) => string | null) => {
  const find = path.endsWith(".py") ? pythonBodyOf : bodyOf;
  const code = codeOf(file, noCodeOf(path));
  return (name) => {
    const names = name.split(" > ");
    return find(file, code, names.at(-1) ?? name, names.slice(0, -1));
  };
};

/** Whether a test may expect an error. It may then pass with each error. */
export const awaitsError = (text: string): boolean =>
  /\b(?:throws?|rejects?|raises?|toThrow\w*|assertRaises\w*|catch|except)\b/i.test(text);

/** Whether a test in JavaScript asserts only about its own literals. */
export const assertsTruthsAlone = (file: string, name: string): boolean => {
  const body = testBodiesIn("", file)(name);
  if (body === null) return false;
  const rest = truths.reduce((text, truth) => text.replace(truth, ""), body);
  return rest !== body && !mayAssert.test(codeOf(rest));
};
