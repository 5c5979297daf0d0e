import { posix } from "node:path";
import type { z } from "zod";
import { parseJson as parseBounded } from "../../schemas/json-depth.ts";
import type { WorkspaceIndex } from "./workspace-index.ts";

const known = new WeakMap<WorkspaceIndex, Map<string, unknown>>();

/**
 * JSON with comments and trailing commas, as in tsconfig.json; `null` if it is invalid or nested too deep. A
 * string or comment that does not end is read to the end of the file: if it matched nothing, the search would
 * start again after each of its characters.
 */
const parseJson = (text: string): unknown => {
  const plain = text
    .replace(/("(?:\\[^]|[^"\\])*(?:"|\\?$))|\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)/g, "$1")
    .replace(/,(\s*[}\]])/g, "$1");
  try {
    return parseBounded(plain);
  } catch {
    return null;
  }
};

/** A configuration file of the workspace, read once for each index; `null` if it does not exist or is invalid. */
export const readConfiguration = <Shape>(
  path: string,
  schema: z.ZodType<Shape>,
  index: WorkspaceIndex,
): Shape | null => {
  const parsed = known.get(index) ?? new Map<string, unknown>();
  known.set(index, parsed);
  if (!parsed.has(path)) parsed.set(path, parseJson(index.read(path) ?? ""));
  return schema.safeParse(parsed.get(path)).data ?? null;
};

/** The nearest file of that name at or above a folder, with the folder that holds it. */
export const nearest = (
  name: string,
  folder: string,
  index: WorkspaceIndex,
): { path: string; folder: string } | null => {
  for (let at = folder; ; at = posix.dirname(at)) {
    const path = posix.join(at, name);
    if (index.paths.has(path)) return { path, folder: at };
    if (at === ".") return null;
  }
};

/** `pattern` has at most one `*`; returns what it matched in `name`, or `null` if they do not match. */
export const matchStar = (pattern: string, name: string): string | null => {
  const [start = "", end] = pattern.split("*");
  if (end === undefined) return pattern === name ? "" : null;
  const fits = name.startsWith(start) && name.endsWith(end) && name.length >= start.length + end.length;
  return fits ? name.slice(start.length, name.length - end.length) : null;
};
