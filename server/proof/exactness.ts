import { bodyOf } from "../teams/gates/test-text.ts";

/** Assertions that only few results satisfy. */
const exact =
  /\b(?:(?:not)?(?:deep|strict|deepStrict)?equals?|eql?|to(?:Be|Equal|StrictEqual|BeCloseTo|MatchObject|Match|Contain|ContainEqual|HaveLength|Throw\w*|HaveBeenCalled\w+|Match\w*Snapshot|BeNull|BeUndefined|BeNaN)|throws|rejects|raises|match|closeTo|approx|lengthOf|members|include|calledWith\w*|assert\w*(?:Equal|Raises|Regex|In|Is|IsNone|called\w+))\b(?=\()|(?<![=!<>])={2}(?!=)|\bis (?:not )?(?:None|True|False)\b/gi;

const countIn = (body: string): number => (body.match(exact) ?? []).length;

/** The text of a test function in Python; null if there is none with this name. */
const pythonBodyOf = (file: string, name: string): string | null => {
  const start = new RegExp(
    `^([^\\S\\n]*)(?:async\\s+)?def\\s+${name.replace(/\W.*$/, "")}\\b.*\\n`,
    "m",
  ).exec(file);
  if (start === null) return null;
  const [head, indent = ""] = start;
  const rest = file.slice(start.index + head.length);
  const end = new RegExp(`^${indent}\\S`, "m").exec(rest);
  return end === null ? rest : rest.slice(0, end.index);
};

/** Whether only the old text of the test with this name has assertions that few results satisfy. */
export const isLessExact = (
  path: string,
  name: string,
  { old, text }: { old: string; text: string },
): boolean => {
  const bodyIn = path.endsWith(".py") ? pythonBodyOf : bodyOf;
  const last = name.split(" > ").at(-1) ?? name;
  const [before, after] = [bodyIn(old, last), bodyIn(text, last)];
  return before !== null && after !== null && countIn(before) > 0 && countIn(after) === 0;
};
