/** What readers of compilers' errors share. See `awaited.ts`. */

/** Reads one error: the missing name, or null for any other error. */
export type ReadError = (error: string, test: { text: string; path: string }) => string | null;

/** Names of test libraries. A test that uses one that is missing lacks an import. */
export const ofTestLibrary =
  /^(?:[Aa]ssert|expect|should|verify|mock|describe|it$|test$|Test|Before|After|Fact$|Theory$|Parameterized)/;

/** The first group of the first expression that matches. */
export const firstOf = (error: string, expressions: readonly RegExp[]): string | null => {
  for (const expression of expressions) {
    const found = expression.exec(error)?.[1];
    if (found !== undefined) return found;
  }
  return null;
};

/** Whether a name is one of a type, a function or a part of something. Others are mostly variables of the test. */
export const isNamedAsCode = (name: string, text: string): boolean =>
  /^\p{Lu}/u.test(name) || new RegExp(`\\b${name}\\s*[(<{]|(?:\\.|::|->|\\bimport .*)${name}\\b`).test(text);
