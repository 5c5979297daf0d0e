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
/** The beginning of what comes after a function. */
const next = /\n(?=(?:export|async|function|const|let|var|class|it|test|describe)\b)/;
const LONGEST_FUNCTION = 800;

/** Names of functions in a test file that throw the error of an assertion themselves. */
const throwing = (file: string): string[] =>
  file.includes("AssertionError(")
    ? [...file.matchAll(declared)].flatMap(({ index, 1: named, 2: assigned }) => {
        const [body = ""] = file.slice(index, index + LONGEST_FUNCTION).split(next);
        return /\bthrow new (?:\w+\.)?AssertionError\(/.test(body) ? [named ?? assigned ?? ""] : [];
      })
    : [];

/** The names in a test file of what asserts without the module "assert" and without a runner's "expect". */
const assertingNames = (file: string): string[] => [
  ...[...file.matchAll(imported)].flatMap(([, names, module, variables, required]) =>
    assertionLibrary.test(module ?? required ?? "") ? ((names ?? variables ?? "").match(/\w+/g) ?? []) : [],
  ),
  ...throwing(file),
];

const LONGEST_TEXT = 2000;
const quoted = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)/;

/** The text from an opening bracket to its closing bracket. */
const bracketed = (text: string, from: number): string => {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const words = quoted.exec(text.slice(at, at + LONGEST_TEXT))?.[0];
    if (words !== undefined) at += words.length - 1;
    else if ("([{".includes(text[at] ?? "")) depth += 1;
    else if (")]}".includes(text[at] ?? "")) depth -= 1;
    if (depth === 0) return text.slice(from, at + 1);
  }
  return text.slice(from);
};

/** The text of the test with this name, starting at the name; null if the file does not contain the name. */
const bodyOf = (file: string, name: string): string | null => {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const call = new RegExp(String.raw`\b(?:it|test|specify)(?:\.\w+)*\s*\(\s*["'\`]${escaped}["'\`]`).exec(
    file,
  );
  if (call === null) return null;
  return bracketed(file, file.indexOf("(", call.index)).slice(call[0].length - call[0].indexOf("("));
};

/** Whether a test in JavaScript asserts only about its own literals. */
export const assertsTruthsAlone = (file: string, name: string): boolean => {
  const body = bodyOf(file, name);
  if (body === null) return false;
  const rest = truths.reduce((text, truth) => text.replace(truth, ""), body);
  return rest !== body && !mayAssert.test(rest);
};

/** Whether a test asserts in ways that a run which refuses assertions does not refuse. */
export const assertsByLibrary = (file: string, name: string): boolean => {
  const body = bodyOf(file, name);
  if (body === null) return false;
  const words = new Set(body.match(/\w+/g));
  return byLibrary.test(body) || assertingNames(file).some((each) => words.has(each));
};
