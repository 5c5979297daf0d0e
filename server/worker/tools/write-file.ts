import { lineEnding, withLineEnding } from "../../workspace/encoding.ts";
import { withLastNewline } from "./edit-text.ts";
import type { FileViews } from "./file-views.ts";
import { findFile, writablePath, writeText, type FoundFile } from "./files.ts";
import { linesOf } from "./lines.ts";
import { placeholderIn } from "./omission.ts";
import { done, refused, type Tool } from "./tool.ts";

/** A file that nobody has read may be replaced if it is short, or if the new one is about as long. */
const SHORT_FILE = 150;
const LEAST_SHARE = 0.6;

/**
 * Replaces a whole file, in the encoding and with the line endings it has, or adds to its end.
 * Refuses a text that would lose lines: one with placeholders, or of a file the agent saw in part.
 */
export const writeFile: Tool<"write_file"> = (
  { path: written, content, append },
  { copy, execution, views },
) => {
  const path = writablePath(copy, execution.write_access, written);
  const present = findFile(copy, path);
  const isAddition = append === true && present !== null;
  const loss = isAddition ? null : whatIsLost(path, content, present, views);
  const placeholder = placeholderIn(content, present?.text ?? "");
  if (loss !== null) return refused(`${path} was left as it is: ${loss}`);
  if (placeholder !== null) return refused(`${path} was left as it is: ${standsForCode(placeholder)}`);
  const text = isAddition ? joined(present.text, content) : content;
  const change = writeText(
    copy,
    execution.write_access,
    path,
    {
      text: present === null ? text : adapted(text, present.text),
      encoding: present?.encoding ?? "utf8",
    },
    present?.executable ?? false,
  );
  if (change === null) return done(`${path} already held exactly this text.`);
  const lines = linesOf(text).length;
  return done(isAddition ? `${path}: now ${lines} lines.` : `${path}: ${lines} lines written.`, [change]);
};

/** What is said of a line such as `// ... rest of the code`. */
export const standsForCode = ({ line, number }: { line: string; number: number }): string =>
  `line ${number} of your text, "${line.slice(0, 80)}", stands for code that you left out, and would replace it. ` +
  "Send the whole text, or change only a part of the file with edit_file.";

const joined = (present: string, content: string): string =>
  present === "" || present.endsWith("\n") ? present + content : `${present}\n${content}`;

const adapted = (text: string, present: string): string =>
  withLastNewline(withLineEnding(text, lineEnding(present)), present);

const whatIsLost = (
  path: string,
  content: string,
  present: FoundFile | null,
  views: FileViews,
): string | null => {
  if (present === null || present.text.trim() === "") return null;
  if (content.trim() === "") return "it would lose all of its text. Send its whole new content.";
  const lines = linesOf(present.text);
  const kept = new Set(linesOf(content).map((line) => line.trim()));
  const isLost = (line: string): boolean => line.trim() !== "" && !kept.has(line.trim());
  if (!views.knows(path)) {
    if (lines.length <= SHORT_FILE || linesOf(content).length >= lines.length * LEAST_SHARE) return null;
    return `it has ${lines.length} lines, which you have not read, and your text has ${linesOf(content).length}. ${readFirst}`;
  }
  const unseen = [...lines.keys()].filter((index) => !views.hasSeen(path, index + 1));
  const lost = unseen.filter((index) => isLost(lines[index] ?? ""));
  const [first] = unseen;
  if (first === undefined || lost.length === 0) return null;
  return (
    `you have not seen all of its ${lines.length} lines, such as line ${first + 1}, ` +
    `and ${lost.length} of those you have not seen are missing from your text. ${readFirst}`
  );
};

const readFirst = "Read the rest with read_file first, or change only a part of it with edit_file.";
