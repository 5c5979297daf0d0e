import { editText } from "./edit-text.ts";
import { requireFile, writablePath, writeText } from "./files.ts";
import { hasIndentedBlocks } from "./indentation.ts";
import { linesOf, numbered } from "./lines.ts";
import { placeholderIn } from "./omission.ts";
import { done, refused, type Tool } from "./tool.ts";
import { standsForCode } from "./write-file.ts";

const CONTEXT_LINES = 2;

/** Replaces one place of a file; a failed edit leaves it byte for byte as it was. */
export const editFile: Tool<"edit_file"> = ({ path: written, old_text, new_text }, { copy, execution }) => {
  const path = writablePath(copy, execution.write_access, written);
  const file = requireFile(copy, path);
  const placeholder = placeholderIn(new_text, `${file.text}\n${old_text}`);
  if (placeholder !== null) return refused(`${path} was not changed: ${standsForCode(placeholder)}`);
  const edit = editText(file.text, old_text, new_text, hasIndentedBlocks(path));
  if (!edit.ok) return refused(`${path} was not changed: ${edit.reason}`);
  const change = writeText(
    copy,
    execution.write_access,
    path,
    { text: edit.text, encoding: file.encoding },
    file.executable,
  );
  if (change === null) return refused(`${path} was not changed: it already reads like that.`);
  const lines = linesOf(edit.text);
  const first = Math.max(1, edit.first_line - CONTEXT_LINES);
  const last = Math.min(lines.length, edit.last_line + CONTEXT_LINES);
  const note = edit.reindented ? " (with the file's indentation)" : "";
  return done(`${path} changed${note}:\n${numbered(lines, first, last)}`, [change]);
};
