import { lineEnding, withLineEnding } from "../../workspace/encoding.ts";
import { findFile, writablePath, writeText } from "./files.ts";
import { linesOf } from "./lines.ts";
import { done, refused, type Tool } from "./tool.ts";

/** Replaces a whole file, in the encoding and with the line endings it has. */
export const writeFile: Tool<"write_file"> = ({ path: written, content }, { copy, execution }) => {
  const path = writablePath(copy, execution.write_access, written);
  const present = findFile(copy, path);
  if (content.trim() === "" && present !== null && present.text.trim() !== "") {
    return refused(`${path} would lose all of its text, and was left as it is. Send its whole new content.`);
  }
  const text = present === null ? content : withLineEnding(content, lineEnding(present.text));
  const encoding = present?.encoding ?? "utf8";
  const change = writeText(
    copy,
    execution.write_access,
    path,
    { text, encoding },
    present?.executable ?? false,
  );
  if (change === null) return done(`${path} already held exactly this text.`);
  return done(`${path}: ${linesOf(text).length} lines written.`, [change]);
};
