/** How pytest marks the lines of an error, after the text of the test. */
const ofError = /^E\s/;

/**
 * A shortened account of a failed test: its first line, and what pytest says about the error, or how the text goes on
 * if pytest did not write it.
 */
export const shortFailure = (text: string, longest: number): string => {
  if (text.length <= longest) return text;
  const [first = "", ...rest] = text.split("\n");
  const error = rest.filter((line) => ofError.test(line));
  const kept = [first, ...(error.length > 0 ? error : rest)].join("\n");
  return kept.length <= longest ? kept : `${kept.slice(0, longest)}…`;
};
