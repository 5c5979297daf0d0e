/** The lines of a text without their endings; a text that ends with one has no empty last line. */
export const linesOf = (text: string): string[] => {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
};

const LONGEST_LINE = 1000;

/** A line as it is shown, cut when it is very long. */
export const showLine = (line: string, longest = LONGEST_LINE): string =>
  line.length <= longest ? line : `${line.slice(0, longest)}… (${line.length - longest} characters cut)`;

/** Lines `first` to `last`, counted from 1, each with its number. */
export const numbered = (lines: readonly string[], first: number, last: number): string =>
  lines
    .slice(first - 1, last)
    .map((line, index) => `${first + index}\t${showLine(line)}`)
    .join("\n");
