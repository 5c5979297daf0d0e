import { posix } from "node:path";
import type { LeftOut } from "./budget.ts";
import type { WorkspaceIndex } from "./workspace-index.ts";

/** Longest chain of files that import each other, as in Claude Code. */
const MOST_STEPS = 5;
/** Most files that all of them import together. */
const MOST_FILES = 50;

/** A word such as `@docs/style.md`. */
const imported = /(?:^|\s)@([~\w./-]*[\w-])/g;
/** No file system takes a longer path. */
const LONGEST_PATH = 4096;
/** Only such a word is certainly a file: `@param` and `@types/node` are none. */
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

/** What a file imports: paths of the workspace, and words that lead out of it. */
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
 * Instruction files, each followed by the files that it imports with `@path`, and those that these import. Only
 * `CLAUDE.md` and what it imports is read for imports: elsewhere, the word has no such meaning. A file counts once,
 * so that files may import each other in a circle; nothing out of the workspace is read.
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
    for (const name of outside) leave(name, "it is outside of the workspace");
    for (const name of inside) {
      if (paths.has(name)) continue;
      if (!index.paths.has(name)) leave(name, "it is not there, or agents may not see it");
      else if (steps === MOST_STEPS) leave(name, `only ${MOST_STEPS} steps of imports are followed`);
      else if (paths.size >= given.size + MOST_FILES)
        leave(name, `only ${MOST_FILES} imported files are given`);
      else follow(name, steps + 1);
    }
  };
  for (const path of instructions)
    if (posix.basename(path).toLowerCase() === "claude.md") follow(path, 0);
    else paths.add(path);
  return { paths: [...paths], left_out: leftOut };
};
