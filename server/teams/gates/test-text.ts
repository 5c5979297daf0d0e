const written = String.raw`(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|-?\d[\d_.]*|true|false|null|undefined|\[\s*\]|\{\s*\})`;
/** Assertions whose operands are all literals: their result does not depend on the code. */
const truths = [
  String.raw`\bexpect\(\s*${written}\s*\)(?:\s*\.\w+)*\(\s*(?:${written})?\s*\)`,
  String.raw`\bassert(?:\.\w+)*\(\s*${written}(?:\s*,\s*${written})*\s*,?\s*\)`,
].map((each) => new RegExp(each, "g"));
/** Calls that may assert something, possibly in a helper. */
const mayAssert = /\b\w*(?:expect|assert|should|check|verif|ensure|must|match)\w*|\bt\.\w+\(|\bfc\./i;
/**
 * Assertions of libraries: fast-check's properties answer true, snapshots fit, and supertest, sinon,
 * testdouble, should and Testing Library throw by themselves.
 */
const byLibrary = new RegExp(
  [
    /\bassert\s*\(\s*(?:\w+\.)?(?:async)?property\s*\(/,
    /\.to(?:match|throwErrorMatching)\w*Snapshot\(|\bassert\.(?:file)?snapshot\(/,
    /\)\s*\.expect\(/,
    /\bsinon\.assert\.|\btd\.verify\(|\.should\b|\bshould\(/,
    /\b(?:get|find)(?:All)?By[A-Z]\w*\(/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "i",
);

/** Assertion libraries that throw by themselves. */
const assertionLibrary = /^(?:uvu\/assert|expect\.js|unexpected|must|earl|@hapi\/code|@japa\/assert)$/;
const imported =
  /\bimport\s+([^"';]{1,120})\s+from\s*["']([^"']+)["']|\b(?:const|let|var)\s+([^=;]{1,120})=\s*(?:await\s+import|require)\(\s*["']([^"']+)["']/g;
const declared =
  /\bfunction\s+(\w+)\s*\(|\b(?:const|let|var)\s+(\w+)\s*=\s*(?:async\s+)?(?:\([^()]{0,120}\)|\w+)\s*=>/g;
const LONGEST_FUNCTION = 800;

const commentOrText =
  /\/\*(?:[^*]|\*(?!\/))*(?:\*\/|$)|(?<!\\)\/\/[^\n]*|(?<!\\)"(?:[^"\\\n]|\\[^])*"|(?<!\\)'(?:[^'\\\n]|\\[^])*'|`(?:[^`\\]|\\[^])*(?:`|$)/g;

/** A file with blanks in the place of its comments and texts: their words and brackets are no code. */
const codeOf = (file: string): string => file.replace(commentOrText, (found) => " ".repeat(found.length));

/** From an opening bracket to the one that closes it. */
const bracketed = (code: string, from: number): string => {
  let depth = 0;
  for (let at = from; at < code.length; at += 1) {
    if ("([{".includes(code[at] ?? "")) depth += 1;
    else if (")]}".includes(code[at] ?? "")) depth -= 1;
    if (depth === 0) return code.slice(from, at + 1);
  }
  return code.slice(from);
};

/** The body of a function whose head ends with its opening bracket, or with its arrow. */
const bodyAfter = (head: string, rest: string): string => {
  const after = head.endsWith("(") ? rest.slice(bracketed(`(${rest}`, 0).length - 1) : rest;
  const from = after.indexOf("{");
  return from === -1 || (head.endsWith(">") && after.slice(0, from).trim() !== "")
    ? ""
    : bracketed(after, from);
};

/** Names of functions in a test file that throw the error of an assertion themselves. */
const throwing = (code: string): string[] =>
  code.includes("AssertionError(")
    ? [...code.matchAll(declared)].flatMap(({ index, 0: head, 1: named, 2: assigned }) => {
        const start = index + head.length;
        const body = bodyAfter(head, code.slice(start, start + LONGEST_FUNCTION));
        return /\bthrow new (?:\w+\.)?AssertionError\(/.test(body) ? [named ?? assigned ?? ""] : [];
      })
    : [];

/** The names that an import or a call of "require" gives a file: "same" of "{ equal as same }". */
const namesIn = (imported: string): string[] =>
  imported.replace(/(?:\w+|\*)\s+as\b|\btype\b|\w+\s*:/g, "").match(/\w+/g) ?? [];

/** The names in a test file of what asserts without the module "assert" and without a runner's "expect". */
const assertingNames = (file: string): string[] => {
  const code = codeOf(file);
  const imports = [...file.matchAll(imported)].filter(({ index }) => code[index] !== " ");
  return [
    ...imports.flatMap(([, names, module, variables, required]) =>
      assertionLibrary.test(module ?? required ?? "") ? namesIn(names ?? variables ?? "") : [],
    ),
    ...throwing(code),
  ];
};

/** The text of the test with this name, starting at the name; null if the file does not contain the name. */
const bodyOf = (file: string, name: string): string | null => {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const code = codeOf(file);
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

/** Whether a test in JavaScript asserts only about its own literals. */
export const assertsTruthsAlone = (file: string, name: string): boolean => {
  const body = bodyOf(file, name);
  if (body === null) return false;
  const rest = truths.reduce((text, truth) => text.replace(truth, ""), body);
  return rest !== body && !mayAssert.test(codeOf(rest));
};

/** Whether a test asserts in ways that a run which refuses assertions does not refuse. */
export const assertsByLibrary = (file: string, name: string): boolean => {
  const body = codeOf(bodyOf(file, name) ?? "");
  const words = new Set(body.match(/\w+/g));
  return byLibrary.test(body) || assertingNames(file).some((each) => words.has(each));
};
