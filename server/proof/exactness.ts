import { testBodyOf } from "../teams/gates/test-text.ts";

/** Assertions that only few results satisfy. */
const exact =
  /\b(?:(?:not)?(?:deep|strict|deepStrict)?equals?|eql?|to(?:Be|Equal|StrictEqual|BeCloseTo|MatchObject|Match|Contain|ContainEqual|HaveLength|Throw\w*|HaveBeenCalled\w+|Match\w*Snapshot|BeNull|BeUndefined|BeNaN)|throws|rejects|raises|match|closeTo|approx|lengthOf|members|include|calledWith\w*|assert\w*(?:Equal|Raises|Regex|In|Is|IsNone|called\w+))\b(?=\()|(?<![=!<>])={2}(?!=)|\bis (?:not )?(?:None|True|False)\b/gi;

const countIn = (body: string): number => (body.match(exact) ?? []).length;

/** Whether only the old text of the test with this name has assertions that few results satisfy. */
export const isLessExact = (
  path: string,
  name: string,
  { old, text }: { old: string; text: string },
): boolean => {
  const [before, after] = [testBodyOf(path, old, name), testBodyOf(path, text, name)];
  return before !== null && after !== null && countIn(before) > 0 && countIn(after) === 0;
};
