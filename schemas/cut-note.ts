/** Lines of a file that were shown, counted from 1. */
export interface ShownLines {
  first: number;
  last: number;
  total: number;
}

/** What ends a text of which not all lines are shown, and how the others are read. */
export const cutNote = ({ first, last, total }: ShownLines): string =>
  `[cut: lines ${first} to ${last} of ${total}; read on with read_file, start_line ${last + 1}]`;

/** The lines a text says it shows; `null` when it is not cut. */
export const readCutNote = (text: string): ShownLines | null => {
  const ending = text.slice(text.lastIndexOf("\n") + 1);
  const numbers = /^\[cut: lines (\d+) to (\d+) of (\d+); read on with read_file/.exec(ending);
  const [first, last, total] = numbers?.slice(1).map(Number) ?? [];
  return first === undefined || last === undefined || total === undefined ? null : { first, last, total };
};
