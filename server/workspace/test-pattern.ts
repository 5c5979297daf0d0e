import { posix } from "node:path";
import { globExpression } from "./glob-expression.ts";
import type { Literal } from "./script-literals.ts";

/** A pattern of test files as a runner's configuration has it. */
export interface TestPattern {
  /** Source of a regular expression over workspace paths in lower case. */
  expression: string;
  /** As people write it, counted from the workspace. */
  written: string;
  /** The folder that all of its files are in, in lower case; empty: no folder alone. */
  folder: string;
}

const longestExpression = 300;

/** Whether a project's regular expression is fast on every path: no repeated part is repeated itself. */
const isQuick = (source: string): boolean =>
  source.length <= longestExpression &&
  !/\([^()]*[*+{][^()]*\)[*+{]/.test(source) &&
  (source.match(/[*+]/g)?.length ?? 0) <= 6;

const isExpression = (source: string): boolean => {
  try {
    new RegExp(source);
    return true;
  } catch {
    return false;
  }
};

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

const prefixOf = (folder: string): string => (folder === "" ? "" : `${folder}/`);

/** Folders at the start of a glob that have no wildcard. */
const fixedFolder = (glob: string): string => {
  const parts = posix.dirname(glob).split("/");
  const wild = parts.findIndex((part) => /[*?{}[\]()!+@]/.test(part));
  const fixed = (wild < 0 ? parts : parts.slice(0, wild)).join("/");
  return fixed === "." ? "" : fixed;
};

const isInside = (path: string): boolean => !path.startsWith("..") && !posix.isAbsolute(path);

/** A glob relative to `folder`; null if it does not apply to this workspace or cannot be used. */
export const ofGlob = (folder: string, written: string): TestPattern | null => {
  const glob = posix.normalize(posix.join(folder, written.replace(/^(<rootDir>\/?|\.\/|\/)+/, "")));
  const expression = globExpression(glob.toLowerCase());
  if (expression === null || !isInside(glob) || !isExpression(expression)) return null;
  return { expression: `^${expression}$`, written: glob, folder: fixedFolder(glob.toLowerCase()) };
};

/** A folder or a file by its path, or a glob. A name without an ending is a folder: with all below it. */
const ofPath = (folder: string, written: string, files: string): TestPattern | null => {
  const plain = written.replace(/\/+$/, "");
  const isFolder = !/[*{?]/.test(plain) && !/\.\w+$/.test(posix.basename(plain));
  return ofGlob(folder, isFolder ? `${plain}/**/${files}` : plain);
};

export const ofExpression = (folder: string, source: string): TestPattern | null => {
  const inFolder = source.replaceAll("<rootDir>", `/${folder}`.replace(/\/$/, "")).toLowerCase();
  if (!isQuick(inFolder) || !isExpression(inFolder)) return null;
  // Runners match absolute paths: a pattern that begins with a slash may begin with our own path.
  const begin = escaped(prefixOf(folder.toLowerCase()));
  const inPath = inFolder.replace(/^\^/, "").replaceAll(/(?<=^|\(|\|)\\?\//g, "(?:^|/)");
  return { expression: `^(?=${begin}).*?(?:${inPath})`, written: `/${source}/`, folder: "" };
};

export const ofLiterals = (folder: string, literals: readonly Literal[]): TestPattern[] => {
  const globs = literals.filter(({ kind, value }) => kind === "text" && !value.startsWith("!"));
  const expressions = literals.filter(({ kind }) => kind === "expression");
  return [
    ...globs.map(({ value }) => ofGlob(folder, value)),
    ...expressions.map(({ value }) => ofExpression(folder, value)),
  ].filter((pattern) => pattern !== null);
};

const scripts = "*.{js,mjs,cjs,jsx,ts,mts,cts,tsx}";

/** Paths and globs of a configuration or a script, counted from `folder`; `files`: which files of a folder. */
export const ofPaths = (folder: string, written: readonly string[], files = scripts): TestPattern[] =>
  written
    .filter((path) => !path.startsWith("!"))
    .map((path) => ofPath(folder, path, files))
    .filter((pattern) => pattern !== null);
