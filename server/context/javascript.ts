import { posix } from "node:path";
import { z } from "zod";
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
    ...javascriptExtensions.map((ending) => `${path}/index.${ending}`),
  ];
  return candidates.find((candidate) => index.paths.has(candidate)) ?? null;
};

const Manifest = z.object({
  name: z.string().optional(),
  main: z.string().optional(),
  exports: z.unknown().optional(),
  imports: z.unknown().optional(),
});

const TypeScriptConfig = z.object({
  compilerOptions: z
    .object({ baseUrl: z.string().optional(), paths: z.record(z.string(), z.array(z.string())).optional() })
    .optional(),
});

/** JSON with comments and trailing commas, as in tsconfig.json; `null` if it is neither. */
const parseJson = <Shape>(text: string | null, schema: z.ZodType<Shape>): Shape | null => {
  if (text === null) return null;
  const plain = text
    .replace(/("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, "$1")
    .replace(/,(\s*[}\]])/g, "$1");
  try {
    return schema.safeParse(JSON.parse(plain)).data ?? null;
  } catch {
    return null;
  }
};

/** The nearest file of that name at or above a folder, with the folder that holds it. */
const nearest = (
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
const matchStar = (pattern: string, name: string): string | null => {
  const [start = "", end] = pattern.split("*");
  if (end === undefined) return pattern === name ? "" : null;
  const fits = name.startsWith(start) && name.endsWith(end) && name.length >= start.length + end.length;
  return fits ? name.slice(start.length, name.length - end.length) : null;
};

/** Where `exports` or `imports` of a package.json lead; of several conditions the first that is a path. */
const targetsOf = (map: unknown, name: string): string[] => {
  if (typeof map === "string") return name === "." ? [map] : [];
  if (map === null || typeof map !== "object") return [];
  const isByName = Object.keys(map).some((key) => key.startsWith(".") || key.startsWith("#"));
  if (!isByName) return name === "." ? pathsIn(map) : [];
  return Object.entries(map).flatMap(([pattern, value]) => {
    const star = matchStar(pattern, name);
    return star === null ? [] : pathsIn(value).map((path) => path.replace("*", star));
  });
};

const pathsIn = (value: unknown): string[] => {
  if (typeof value === "string") return [value];
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(pathsIn) : [];
};

const firstFile = (paths: readonly string[], index: WorkspaceIndex): string | null =>
  paths.map((path) => fileAt(path, index)).find((path) => path !== null) ?? null;

/** `paths` and `baseUrl` of the nearest tsconfig.json. */
const byTypeScriptPaths = (name: string, folder: string, index: WorkspaceIndex): string | null => {
  const config = nearest("tsconfig.json", folder, index) ?? nearest("jsconfig.json", folder, index);
  if (config === null) return null;
  const options = parseJson(index.read(config.path), TypeScriptConfig)?.compilerOptions;
  const base = posix.join(config.folder, options?.baseUrl ?? ".");
  const mapped = Object.entries(options?.paths ?? {}).flatMap(([pattern, targets]) => {
    const star = matchStar(pattern, name);
    return star === null ? [] : targets.map((target) => posix.join(base, target.replace("*", star)));
  });
  return firstFile(options?.baseUrl === undefined ? mapped : [...mapped, posix.join(base, name)], index);
};

/** The package's own name (`exports`) and its `#…` names (`imports`). */
const byOwnPackage = (name: string, folder: string, index: WorkspaceIndex): string | null => {
  const found = nearest("package.json", folder, index);
  const manifest = found === null ? null : parseJson(index.read(found.path), Manifest);
  if (found === null || manifest === null) return null;
  const inPackage = (paths: readonly string[]) =>
    firstFile(
      paths.map((path) => posix.join(found.folder, path)),
      index,
    );
  if (name.startsWith("#")) return inPackage(targetsOf(manifest.imports, name));
  const own = manifest.name;
  if (own === undefined || (name !== own && !name.startsWith(`${own}/`))) return null;
  const subpath = name === own ? "." : `.${name.slice(own.length)}`;
  const main = subpath === "." ? [manifest.main ?? "index", "src/index"] : [subpath];
  return inPackage([...targetsOf(manifest.exports, subpath), ...main]);
};

/** The name of the package that contains `path`, if an import of that name means `path`. */
export const packageNameFor = (path: string, index: WorkspaceIndex): string | null => {
  const folder = posix.dirname(path);
  const found = nearest("package.json", folder, index);
  const name = found === null ? null : (parseJson(index.read(found.path), Manifest)?.name ?? null);
  return name !== null && byOwnPackage(name, folder, index) === path ? name : null;
};

/** The workspace's file a specifier in `path` means; `null`: it is not of this workspace. */
export const resolveSpecifier = (name: string, path: string, index: WorkspaceIndex): string | null => {
  const folder = posix.dirname(path);
  const plain = name.replace(/[?].*$/, "");
  if (plain.startsWith(".")) {
    const target = posix.join(folder, plain);
    return target.startsWith("..") ? null : fileAt(target, index);
  }
  if (plain.startsWith("/") || plain.includes(":")) return null;
  return byTypeScriptPaths(plain, folder, index) ?? byOwnPackage(plain, folder, index);
};
