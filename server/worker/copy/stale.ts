import { readFileSync } from "node:fs";
import { join } from "node:path";
import { classifyPath } from "../../workspace/classify.ts";
import { dependencyNames } from "../../workspace/package-entries.ts";
import { buildLine } from "../runners/build.ts";
import { readPackage } from "../runners/package.ts";
import { recordedState, type PrivateCopy } from "./copy.ts";
import { statFile } from "./stamp.ts";

/** A package of the workspace that has a build script. */
interface BuiltPackage {
  /** The path relative to the workspace; empty for the workspace itself. */
  folder: string;
  name: string | null;
  /** The names of the output in its folder. */
  places: string[];
  uses: ReadonlySet<string>;
}

/** The packages to build before tests run. */
export interface StalePackages {
  /** Absolute paths. A package comes before the packages that use it. */
  folders: string[];
  /** Records that all of them were built. */
  built(): void;
}

/**
 * Packages whose sources have changed since they were built, and whose output is read by their own tests or by
 * another package.
 *
 * @param touched files that always count as changed, because the workspace's build output may be out of date
 */
export const stalePackages = (copy: PrivateCopy, touched: readonly string[] = []): StalePackages => {
  const packages = builtPackages(copy);
  const sources = [...new Set([...copy.written.keys(), ...touched])]
    .filter((path) => classifyPath(path, copy.layout) === "source")
    .sort();
  const state = JSON.stringify(sources.map((path) => [path, recordedState(copy, path)]));
  const built = (): void => {
    copy.builtFor = state;
  };
  if (packages.length === 0 || state === copy.builtFor) return { folders: [], built };
  const changed = new Set(sources.map((path) => packageOf(copy, path)));
  const stale = usersOf(
    packages,
    packages.filter(({ folder }) => changed.has(folder)),
  );
  const wanted = inOrder(stale.filter((each) => isRead(copy, each)));
  return { folders: wanted.map(({ folder }) => join(copy.root, folder)), built };
};

const builtPackages = (copy: PrivateCopy): BuiltPackage[] =>
  [...copy.packages].flatMap((folder) => {
    const prefix = folder === "" ? "" : `${folder}/`;
    const places = [...copy.built]
      .filter((path) => packageOf(copy, path) === folder)
      .map((path) => path.slice(prefix.length));
    const manifest = readPackage(join(copy.root, folder));
    if (places.length === 0 || manifest === null || buildLine(join(copy.root, folder)) === null) return [];
    const uses = new Set(dependencyNames(join(copy.root, folder)));
    return [{ folder, name: manifest.name ?? null, places, uses }];
  });

/** The innermost package that a path is in. */
const packageOf = (copy: PrivateCopy, path: string): string =>
  [...copy.packages]
    .filter((folder) => folder === "" || path.startsWith(`${folder}/`))
    .reduce((one, other) => (other.length > one.length ? other : one), "");

/** The packages with those that use them, at any depth. */
const usersOf = (all: readonly BuiltPackage[], begin: readonly BuiltPackage[]): BuiltPackage[] => {
  const found = new Set(begin);
  for (const each of found)
    for (const other of all) if (each.name !== null && other.uses.has(each.name)) found.add(other);
  return [...found];
};

const inOrder = (packages: readonly BuiltPackage[]): BuiltPackage[] => {
  const ordered: BuiltPackage[] = [];
  const add = (each: BuiltPackage, path: readonly BuiltPackage[]): void => {
    if (ordered.includes(each) || path.includes(each)) return;
    for (const other of packages)
      if (other.name !== null && each.uses.has(other.name)) add(other, [...path, each]);
    ordered.push(each);
  };
  for (const each of packages) add(each, []);
  return ordered;
};

/** Every folder of the workspace that has a manifest. */
const manifestFolders = (copy: PrivateCopy): string[] =>
  [...copy.base.keys()]
    .filter((path) => path === "package.json" || path.endsWith("/package.json"))
    .map((path) => path.slice(0, -"/package.json".length));

/** Whether the package's own test script builds it, before it runs its tests. */
const buildsForTests = (folder: string): boolean => {
  const { pretest = "", test = "" } = readPackage(folder)?.scripts ?? {};
  const name = buildLine(folder)?.replace("npm run ", "") ?? "";
  return new RegExp(`\\b(run|pnpm|yarn)\\s+${name}\\b`).test(`${pretest} && ${test}`);
};

/** An import of the package's own folder, which leads to its entries. */
const readsOwnEntry = /["'](\.\.\/)*\.\.\/?(index(\.[cm]?js)?)?["']/;

/** Whether another package of the workspace uses it, or its own tests read its output. */
const isRead = (copy: PrivateCopy, { folder, name, places }: BuiltPackage): boolean => {
  const others = manifestFolders(copy).filter((other) => other !== folder);
  if (name !== null && others.some((other) => dependencyNames(join(copy.root, other)).includes(name)))
    return true;
  if (buildsForTests(join(copy.root, folder))) return false;
  // Output that was never built cannot be out of date. If tests miss it, `missesBuild` has it built.
  if (!places.some((place) => statFile(join(copy.root, folder, place)) !== null)) return false;
  const wanted = [
    ...places.map((place) => `/${place}/`),
    ...(name === null ? [] : [`"${name}"`, `'${name}'`]),
  ];
  const tests = [...copy.base.keys(), ...copy.written.keys()].filter(
    (path) => packageOf(copy, path) === folder && classifyPath(path, copy.layout) === "test",
  );
  return tests.some((path) => {
    const text = textOf(join(copy.root, path));
    return readsOwnEntry.test(text) || wanted.some((words) => text.includes(words));
  });
};

const textOf = (path: string): string =>
  statFile(path)?.isFile() === true ? readFileSync(path, "utf8") : "";
