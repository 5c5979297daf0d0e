import { readIfPossible } from "../../workspace/open.ts";

/** Finds the source of a class in a report. Returns "" if there is none. */
export type FindSource = (className: string) => string;

/** The path in `paths` of the source of a class, by its name with dots; "" if there is none. */
export const sourceFile = (
  paths: readonly string[],
  className: string,
  extensions: readonly string[],
): string => {
  const path = outerClass(className).replaceAll(".", "/");
  for (const extension of extensions) {
    const file = `${path}.${extension}`;
    const found = paths.find((each) => each === file || each.endsWith(`/${file}`));
    if (found !== undefined) return found;
  }
  return "";
};

/** The class around a nested one: `Cart$Empty` on the JVM, `Cart+Empty` in .NET, ``Box`1`` if it is generic. */
const outerClass = (className: string): string => className.replace(/[$+`].*$/, "");

const declaration = /\b(?:class|interface|object|record|struct|module)\s+([A-Za-z_]\w*)/g;

const LARGEST_SOURCE = 1024 * 1024;
const MOST_SOURCES = 2000;

/**
 * Finds classes by the names of files, and then by the declarations in them, because some languages allow files with
 * any name and several classes. A class that several files declare has no source.
 */
export const classSources = (
  folder: string,
  paths: readonly string[],
  extensions: readonly string[],
): FindSource => {
  let declared: Map<string, string | null> | null = null;
  const declarations = (): Map<string, string | null> => {
    const found = new Map<string, string | null>();
    for (const path of paths.slice(0, MOST_SOURCES)) {
      const text = readIfPossible(folder, path, { most: LARGEST_SOURCE })?.toString("utf8") ?? "";
      for (const name of new Set([...text.matchAll(declaration)].map(([, name = ""]) => name)))
        found.set(name, found.has(name) ? null : path);
    }
    return found;
  };
  const search = (className: string): string => {
    const named = sourceFile(paths, className, extensions);
    if (named !== "") return named;
    const simple = outerClass(className).split(".").at(-1) ?? "";
    return sourceFile(paths, simple, extensions) || ((declared ??= declarations()).get(simple) ?? "");
  };
  // A report names the class with each of its tests.
  const sources = new Map<string, string>();
  return (className) => {
    const source = sources.get(className) ?? search(className);
    sources.set(className, source);
    return source;
  };
};
