import { posix } from "node:path";
import { definitionsOf, exportedNames } from "./definitions.ts";
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

/** The name that other files use for it: without extension, or the folder's name for an index file. */
export const moduleName = (path: string): string => {
  const stem = posix.basename(path).replace(/\.[^.]+$/, "");
  return /^(index|__init__|mod|main)$/.test(stem) ? posix.basename(posix.dirname(path)) : stem;
};

const importLine =
  /^[ \t]*(?:#[ \t]*include|import|use|mod|pub mod|require|require_relative|include|using|from|load|source)\b.*$/gm;

/** In other languages: files of the same language whose name an import line contains. */
const importsByName = (path: string, text: string, index: WorkspaceIndex): string[] => {
  const words = new Set((text.match(importLine) ?? []).join("\n").match(/[\p{L}\p{N}_]+/gu));
  if (words.size === 0) return [];
  const family = familyOf(path);
  return [...index.paths].filter(
    (other) => other !== path && family.has(extensionOf(other)) && words.has(moduleName(other)),
  );
};

/**
 * The workspace's files that `text`, the content of `path`, imports; each once, in order. In JavaScript and
 * TypeScript, files that define what it imports come before modules that only re-export it.
 */
export const importsOf = (path: string, text: string, index: WorkspaceIndex): string[] => {
  const extension = extensionOf(path);
  const found = isJavaScript.has(extension)
    ? [
        ...definitionsOf(path, text, index),
        ...specifiersIn(text).map((name) => resolveSpecifier(name, path, index)),
      ]
    : extension === "py"
      ? pythonImports(path, text, index)
      : importsByName(path, text, index);
  return [...new Set(found.filter((file) => file !== null))].filter((file) => file !== path);
};

/** The names by which files may import a module. */
interface ModuleNames {
  path: string;
  /** Names in imports of the module itself: its own, and that of its package if the package leads to it. */
  names: readonly string[];
  /** Names that files import from it, perhaps through another module. */
  exported: readonly string[];
}

/** A file that has none of these names in its text cannot import `path`. */
export const namesOf = (path: string, index: WorkspaceIndex): ModuleNames => {
  if (!isJavaScript.has(extensionOf(path))) return { path, names: [moduleName(path)], exported: [] };
  const packageName = packageNameFor(path, index);
  const names = [moduleName(path), ...(packageName === null ? [] : [packageName])];
  return { path, names, exported: exportedNames(path, index) };
};

/** Whether `other`, with this text, imports the module, or a name of it through another one. */
export const isImporter = (
  other: string,
  text: string,
  { path, names, exported }: ModuleNames,
  index: WorkspaceIndex,
): boolean => {
  const speaksOf = (written: string): boolean => names.some((name) => written.includes(name));
  if (!isJavaScript.has(extensionOf(other)))
    return speaksOf(text) && importsOf(other, text, index).includes(path);
  const isDirect =
    speaksOf(text) &&
    specifiersIn(text).some((name) => speaksOf(name) && resolveSpecifier(name, other, index) === path);
  return (
    isDirect ||
    (exported.some((name) => text.includes(name)) && definitionsOf(other, text, index).includes(path))
  );
};
