import { posix } from "node:path";
import { javascriptExtensions, packageNameFor, resolveSpecifier, specifiersIn } from "./javascript.ts";
import { extensionOf } from "./kinds.ts";
import { pythonImports } from "./python.ts";
import type { WorkspaceIndex } from "./workspace-index.ts";

const isJavaScript = new Set(javascriptExtensions);

/** Extensions of one language: only such files import one another. */
const families = [
  javascriptExtensions,
  ["py", "pyi"],
  ["c", "h", "cc", "cpp", "hpp", "cxx", "hh"],
  ["java", "kt"],
];

/** The extensions of files that can import `path`. */
export const familyOf = (path: string): ReadonlySet<string> => {
  const extension = extensionOf(path);
  return new Set(families.find((family) => family.includes(extension)) ?? [extension]);
};

/** The name other files call it by: without extension; a folder's own file by the folder's name. */
export const moduleName = (path: string): string => {
  const stem = posix.basename(path).replace(/\.[^.]+$/, "");
  return /^(index|__init__|mod|main)$/.test(stem) ? posix.basename(posix.dirname(path)) : stem;
};

const importLine =
  /^[ \t]*(?:#[ \t]*include|import|use|mod|pub mod|require|require_relative|include|using|from|load|source)\b.*$/gm;

/** In other languages: files of the same language whose name an import line speaks of. */
const importsByName = (path: string, text: string, index: WorkspaceIndex): string[] => {
  const words = new Set((text.match(importLine) ?? []).join("\n").match(/[\p{L}\p{N}_]+/gu));
  if (words.size === 0) return [];
  const family = familyOf(path);
  return [...index.paths].filter(
    (other) => other !== path && family.has(extensionOf(other)) && words.has(moduleName(other)),
  );
};

/** The workspace's files that `text`, the content of `path`, imports; each once, in order. */
export const importsOf = (path: string, text: string, index: WorkspaceIndex): string[] => {
  const extension = extensionOf(path);
  const found = isJavaScript.has(extension)
    ? specifiersIn(text).map((name) => resolveSpecifier(name, path, index))
    : extension === "py"
      ? pythonImports(path, text, index)
      : importsByName(path, text, index);
  return [...new Set(found.filter((file) => file !== null))].filter((file) => file !== path);
};

/**
 * The names an import of `path` is written with: its own, and its package's if the package's
 * name leads to it. What has none of them in its text cannot import it.
 */
export const namesOf = (path: string, index: WorkspaceIndex): string[] => {
  const packageName = isJavaScript.has(extensionOf(path)) ? packageNameFor(path, index) : null;
  return [moduleName(path), ...(packageName === null ? [] : [packageName])];
};

/** Whether `other`, with this text, imports `path`, whose names are given. */
export const isImporter = (
  other: string,
  text: string,
  { path, names }: { path: string; names: readonly string[] },
  index: WorkspaceIndex,
): boolean => {
  const speaksOf = (written: string): boolean => names.some((name) => written.includes(name));
  if (!speaksOf(text)) return false;
  return isJavaScript.has(extensionOf(other))
    ? specifiersIn(text).some((name) => speaksOf(name) && resolveSpecifier(name, other, index) === path)
    : importsOf(other, text, index).includes(path);
};
