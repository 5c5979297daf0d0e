import { posix } from "node:path";
import { classifyPath } from "../workspace/classify.ts";
import { familyOf, importsOf, isImporter, moduleName, namesOf } from "./imports.ts";
import { extensionOf } from "./kinds.ts";
import type { WorkspaceIndex } from "./workspace-index.ts";

/** The maximum number of files to read in search of importers. */
const MOST_READ = 300;

export interface Relations {
  /** Tests named after the file. */
  ownTests: string[];
  /** Other tests that import it. */
  tests: string[];
  imports: string[];
  importers: string[];
}

/**
 * The files around a file, nearest first. Each is only in the first list that it fits. Awaits `pause` between
 * files. Reads only the nearest files, so the time is bounded.
 */
export const relationsOf = async (
  path: string,
  text: string,
  index: WorkspaceIndex,
  pause: () => Promise<void> | undefined,
): Promise<Relations> => {
  const isTest = (other: string): boolean => classifyPath(other, index.layout) === "test";
  const imports = importsOf(path, text, index);
  const name = moduleName(path);
  const names = namesOf(path, index);
  const family = familyOf(path);
  const ownTests: string[] = [];
  const tests: string[] = [];
  const importers: string[] = [];
  const candidates = [...index.paths].filter((other) => other !== path && family.has(extensionOf(other)));
  for (const other of nearestFirst(
    path,
    candidates,
    (other) => isTest(other) && testedName(other) === name,
  ).slice(0, MOST_READ)) {
    await pause();
    if (isTest(other) && testedName(other) === name) ownTests.push(other);
    else if (!isImporter(other, index.read(other) ?? "", names, index)) continue;
    else if (isTest(other)) tests.push(other);
    else importers.push(other);
  }
  return { ownTests, tests, imports, importers };
};

/** The module that a test's file name contains: `cart` for `cart.test.ts`, `test_cart.py`, `CartTest.java`. */
const testedName = (path: string): string =>
  posix
    .basename(path)
    .replace(/\.[^.]+$/, "")
    .replace(/[._-](test|tests|spec|e2e|cy)$|^tests?[_-]|(Test|Tests|IT)$/i, "");

/** Files by the number of folders between them and `path`; tests of its name before all. */
const nearestFirst = (
  path: string,
  candidates: readonly string[],
  isOwnTest: (other: string) => boolean,
): string[] => {
  const home = posix.dirname(path).split("/");
  const distance = (other: string): number => {
    if (isOwnTest(other)) return -1;
    const folders = other.split("/").slice(0, -1);
    let shared = 0;
    while (shared < folders.length && folders[shared] === home[shared]) shared += 1;
    return home.length - shared + (folders.length - shared);
  };
  return candidates
    .map((other) => ({ other, distance: distance(other) }))
    .sort((one, two) => one.distance - two.distance)
    .map(({ other }) => other);
};
