import { posix } from "node:path";
import { aliasTargets } from "./aliases.ts";
import { folderTargets, packageNameAt, packageTargets } from "./packages.ts";
import type { WorkspaceIndex } from "./workspace-index.ts";

/** The name in quotes after `from`, `import`, `import(` and `require(`. */
const specifier = /\b(?:from|import|require)\s{0,100}\(?\s{0,100}["']([^"'\n]{1,1000})["']/g;

export const javascriptExtensions = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "vue", "svelte"];

/** TypeScript is imported by the name its output will have. */
const sourceOf: Record<string, readonly string[]> = {
  ".js": [".ts", ".tsx"],
  ".jsx": [".tsx"],
  ".mjs": [".mts"],
  ".cjs": [".cts"],
};

/** The modules a JavaScript or TypeScript text names, as written. */
export const specifiersIn = (text: string): string[] =>
  [...text.matchAll(specifier)].flatMap(([, name]) => (name === undefined ? [] : [name]));

/** The file that a path without a certain extension means, found as bundlers and TypeScript find it. */
const fileAt = (path: string, index: WorkspaceIndex): string | null => {
  const extension = posix.extname(path);
  const stem = path.slice(0, path.length - extension.length);
  const candidates = [
    path,
    ...(sourceOf[extension] ?? []).map((ending) => stem + ending),
    ...javascriptExtensions.map((ending) => `${path}.${ending}`),
    `${path}.json`,
    ...javascriptExtensions.map((ending) => posix.join(path, `index.${ending}`)),
    ...["d.ts", "d.mts", "d.cts"].map((ending) => `${stem === path ? path : stem}.${ending}`),
  ];
  return candidates.find((candidate) => index.paths.has(candidate)) ?? null;
};

const firstFile = (paths: readonly string[], index: WorkspaceIndex): string | null =>
  paths.map((path) => fileAt(path, index)).find((path) => path !== null) ?? null;

/** The name of the package that `path` is in, if an import of that name means `path`. */
export const packageNameFor = (path: string, index: WorkspaceIndex): string | null => {
  const folder = posix.dirname(path);
  const name = packageNameAt(folder, index);
  return name !== null && firstFile(packageTargets(name, folder, index), index) === path ? name : null;
};

/** The workspace's file a specifier in `path` means; `null`: it is not of this workspace. */
export const resolveSpecifier = (name: string, path: string, index: WorkspaceIndex): string | null => {
  const folder = posix.dirname(path);
  const plain = name.replace(/[?].*$/, "");
  if (plain.startsWith(".")) {
    const target = posix.join(folder, plain);
    if (target.startsWith("..")) return null;
    return firstFile([...folderTargets(target, index), target], index);
  }
  if (plain.startsWith("/") || plain.includes(":")) return null;
  return firstFile([...aliasTargets(plain, folder, index), ...packageTargets(plain, folder, index)], index);
};
