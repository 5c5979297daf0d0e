import { posix } from "node:path";
import type { LeftOut } from "./budget.ts";
import type { WorkspaceIndex } from "./workspace-index.ts";

/** Longest chain of imports that is followed, as in Claude Code. */
const MOST_STEPS = 5;
/** Most imported files of all instruction files together. */
const MOST_FILES = 50;

/** A word such as `@docs/style.md`. */
const imported = /(?:^|\s)@([~\w./-]*[\w-])/g;
/** File systems do not allow longer paths. */
const LONGEST_PATH = 4096;
/** Only such a word is certain to name a file: `@param` and `@types/node` do not. */
const fileName = /\.(?:md|mdx|mdc|txt)$/i;

const withoutCode = (text: string): string => {
  let isCode = false;
  return text
    .split("\n")
    .filter((line) => {
      const isFence = /^\s*(?:```|~~~)/.test(line);
      if (isFence) isCode = !isCode;
      return !isCode && !isFence;
    })
    .map((line) => line.replace(/`[^`]*`/g, ""))
    .join("\n");
};

/** The imports of a file: paths in the workspace, and words that point outside of it. */
const importsOf = (path: string, text: string): { inside: string[]; outside: string[] } => {
  const inside: string[] = [];
  const outside: string[] = [];
  for (const [, written = ""] of withoutCode(text).matchAll(imported)) {
    if (written.length > LONGEST_PATH) continue;
    if (/^[~/]/.test(written)) {
      outside.push(written);
      continue;
    }
    const place = posix.normalize(posix.join(posix.dirname(path), written));
    if (place.startsWith("../")) outside.push(written);
    else inside.push(place);
  }
  return { inside, outside };
};

/**
 * Instruction files, each followed by the files that it imports with `@path`, and by their imports. Only
 * `CLAUDE.md` and the files that it imports can import: in other files, `@path` has no such meaning. Each file is
 * read once, so files may import each other in a circle. Nothing outside the workspace is read.
 */
export const withImports = (
  instructions: readonly string[],
  index: Pick<WorkspaceIndex, "paths" | "read">,
): { paths: string[]; left_out: LeftOut[] } => {
  const paths = new Set<string>();
  const leftOut: LeftOut[] = [];
  const given = new Set(instructions);
  const follow = (path: string, steps: number): void => {
    if (paths.has(path)) return;
    paths.add(path);
    const { inside, outside } = importsOf(path, index.read(path) ?? "");
    const leave = (name: string, reason: string): void => {
      if (fileName.test(name)) leftOut.push({ name, reason: `${path} imports it, but ${reason}` });
    };
    for (const name of outside) leave(name, "it is outside the workspace");
    for (const name of inside) {
      if (paths.has(name)) continue;
      if (!index.paths.has(name)) leave(name, "it does not exist, or agents may not see it");
      else if (steps === MOST_STEPS) leave(name, `only ${MOST_STEPS} steps of imports are followed`);
      else if (paths.size >= given.size + MOST_FILES)
        leave(name, `only ${MOST_FILES} imported files are read`);
      else follow(name, steps + 1);
    }
  };
  for (const path of instructions)
    if (posix.basename(path).toLowerCase() === "claude.md") follow(path, 0);
    else paths.add(path);
  return { paths: [...paths], left_out: leftOut };
};
