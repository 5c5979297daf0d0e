import { posix } from "node:path";
import type { WorkspaceIndex } from "./workspace-index.ts";

const fromImport = /^[ \t]*from[ \t]+(\.*)([\p{L}\p{N}_.]*)[ \t]+import[ \t]+(\([^)]{0,10000}\)|[^\n#]+)/gmu;
const plainImport = /^[ \t]*import[ \t]+([^\n#]+)/gmu;

/** Folders below the workspace that packages are often put in. */
const packageRoots = ["", "src", "lib", "python"];

const importedNames = (list: string): string[] =>
  list
    .replace(/[()\\]/g, " ")
    .split(",")
    .map((part) => part.trim().split(/\s+/)[0] ?? "")
    .filter((name) => /^[\p{L}\p{N}_.]+$/u.test(name));

const moduleAt = (path: string, index: WorkspaceIndex): string | null =>
  [`${path}.py`, `${path}/__init__.py`].find((candidate) => index.paths.has(candidate)) ?? null;

/** The workspace's files a Python text imports, by package path and by relative import. */
export const pythonImports = (path: string, text: string, index: WorkspaceIndex): string[] => {
  const folder = posix.dirname(path);
  const roots = [folder, ...packageRoots, ...ancestors(folder)];
  const absolute = (name: string): string | null => {
    const relative = name.replaceAll(".", "/");
    for (const root of roots) {
      const found = moduleAt(posix.join(root, relative), index);
      if (found !== null) return found;
    }
    return null;
  };
  const relative = (dots: string, name: string): string | null => {
    const base = posix.join(folder, "../".repeat(dots.length - 1), name.replaceAll(".", "/"));
    return base.startsWith("..") ? null : moduleAt(base, index);
  };

  const found: (string | null)[] = [];
  for (const [, dots = "", module = "", list = ""] of text.matchAll(fromImport)) {
    const resolve = (name: string) => (dots === "" ? absolute(name) : relative(dots, name));
    const inner = importedNames(list).map((name) => resolve(module === "" ? name : `${module}.${name}`));
    // `from package import module` means the module; other names are in the package itself.
    const isAllModules = inner.length > 0 && inner.every((file) => file !== null);
    found.push(...inner, isAllModules || (module === "" && dots === "") ? null : resolve(module));
  }
  for (const [, list = ""] of text.matchAll(plainImport)) found.push(...importedNames(list).map(absolute));
  return found.filter((file) => file !== null);
};

const ancestors = (folder: string): string[] => {
  const above: string[] = [];
  for (let at = folder; at !== "."; at = posix.dirname(at)) above.push(posix.dirname(at));
  return above;
};
