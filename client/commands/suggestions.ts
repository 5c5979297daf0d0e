const TODO = /\b(?:TODO|FIXME)\b(?:\([^)]*\))?:?\s*(.+?)\s*(?:\*\/|-->|#\})?$/;

/** The task in the TODO or FIXME of a line. Empty: the line has none. */
export const todoIn = (line: string): string => TODO.exec(line)?.[1] ?? "";

/**
 * Finds doc comments of most languages, and Python's docstrings. It also finds Python strings that start
 * within a line, so that their end is not mistaken for the start of a docstring.
 */
const DOCSTRING = /^[ \t]*\/\*\*([\s\S]*?)\*\/|(^[ \t]*[rRuU]?)?("""|''')([\s\S]*?)\3/gm;

/**
 * The number of lines above a line in which its docstring can end, and below it in which a Python docstring
 * can begin.
 */
const ABOVE = 12;
const BELOW = 2;

/** The first paragraph of the last docstring near a line of a text. Empty: there is none. */
export const docstringNear = (text: string, line: number): string => {
  const lines = text.split("\n");
  const startOf = (number: number): number => lines.slice(0, Math.max(0, number)).join("\n").length;
  const from = startOf(line - ABOVE);
  const near = [...text.matchAll(DOCSTRING)].findLast(({ index, 0: whole, 1: comment, 2: indent }) => {
    if (comment === undefined && indent === undefined) return false;
    const to = startOf(line + 1 + (comment === undefined ? BELOW : 0));
    return index < to && index + whole.length > from;
  });
  const said = (near?.[1] ?? near?.[4] ?? "").replace(/^[ \t]*\*? ?/gm, "").trim();
  return said.split(/\n[ \t]*\n|\n@/)[0]?.replace(/\s+/g, " ") ?? "";
};

const MOST_RECENT = 10;

/** The tasks that a user gave before, newest first, with one more. Each is listed once. */
export const withTask = (recent: readonly string[], task: string): string[] =>
  task.trim() === ""
    ? [...recent]
    : [task, ...recent.filter((known) => known !== task)].slice(0, MOST_RECENT);
