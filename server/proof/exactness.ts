import { testBodiesIn } from "../teams/gates/test-text.ts";

/** Assertions that only few results satisfy. */
const exact =
  /\b(?:(?:not)?(?:deep|strict|deepStrict)?equals?|eql?|to(?:Be|Equal|StrictEqual|BeCloseTo|BeInstanceOf|MatchObject|Match|Contain|ContainEqual|Have(?!BeenCalled\()\w+|Throw\w*|Match\w*Snapshot|BeNull|BeUndefined|BeNaN)|throws|rejects|raises|match|closeTo|approx|exactly|(?:strict)?same|(?:own)?property|keys|lengthOf|members|include|called(?:Once)?With\w*|assert\w*(?:Equal|Raises|Regex|In|Is|IsNone|called\w+))\b(?=\()|\b(?:t|assert)\.is\(|(?<![=!<>])={2,3}(?!=)|\bis (?:not )?(?:None|True|False)\b/gi;
/** Assertions in a function of the project, such as `expectTotal(`. What it asks for is not known. */
const ownAssertion =
  /(?<![\w$.]|def |function )(?:self\.|this\.)?(?:expect|assert|check|verify|ensure)(?!Type|True|False|Greater|Less|IsNot|IsInstance|Not)[A-Z_]\w*\(/;

const countIn = (body: string): number => (body.match(exact) ?? []).length;

/**
 * Those of the named tests of which only the old text has assertions that few results satisfy. The new text may have
 * them in a function of the project.
 */
export const lessExactOf = (
  path: string,
  names: readonly string[],
  { old, text }: { old: string; text: string },
): string[] => {
  const [bodyBefore, bodyAfter] = [testBodiesIn(path, old), testBodiesIn(path, text)];
  return names.filter((name) => {
    const [before, after] = [bodyBefore(name), bodyAfter(name)];
    if (before === null || after === null || ownAssertion.test(after)) return false;
    return countIn(before) > 0 && countIn(after) === 0;
  });
};
