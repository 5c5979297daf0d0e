import { cutNote } from "../../../schemas/cut-note.ts";
import { requireFile } from "./files.ts";
import { linesOf, showLine } from "./lines.ts";
import { done, refused, type Tool } from "./tool.ts";

const MOST_LINES = 1500;
const MOST_CHARACTERS = 60_000;

/** Numbered lines of a text file, at most {@link MOST_LINES} at a time. */
export const readFile: Tool<"read_file"> = ({ path, start_line, end_line }, { copy }) => {
  const lines = linesOf(requireFile(copy, path).text);
  if (lines.length === 0) return done(`${path} is empty.`);
  const first = start_line ?? 1;
  const wanted = Math.min(end_line ?? lines.length, lines.length);
  if (first > wanted) {
    return refused(`${path} has ${lines.length} lines; none from ${first} to ${end_line ?? first}.`);
  }
  const shown: string[] = [];
  let characters = 0;
  for (let number = first; number <= wanted && shown.length < MOST_LINES; number += 1) {
    const line = `${number}\t${showLine(lines[number - 1] ?? "")}`;
    characters += line.length + 1;
    if (characters > MOST_CHARACTERS && shown.length > 0) break;
    shown.push(line);
  }
  const last = first + shown.length - 1;
  if (last < wanted) {
    shown.push(cutNote({ first, last, total: lines.length }));
  }
  return done(shown.join("\n"));
};
