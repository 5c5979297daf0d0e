import { join } from "node:path";
import { builtInRule } from "../../workspace/ignore.ts";
import { entryPlaces, isBuiltEntry } from "../../workspace/package-entries.ts";
import type { PrivateCopy } from "./copy.ts";
import { remove } from "./files.ts";
import { syncTree } from "./sync.ts";

/** The maximum that is copied of one package's output. The entries of a library are smaller. */
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_FILES = 5000;

/** A part of the workspace that the copy lacks, and why. */
export interface LeftOut {
  path: string;
  reason: string;
}

/**
 * Copies the output of the workspace's packages, if git ignores it and their entries lead there, because a test
 * that imports a sibling by name reads its `dist`. The output is not part of the change set, and a build in the copy
 * does not change the user's files.
 */
export const copyBuilt = (copy: PrivateCopy, packages: Iterable<string>): LeftOut[] => {
  const leftOut: LeftOut[] = [];
  const wanted = new Set<string>();
  for (const folder of packages) {
    for (const place of entryPlaces(join(copy.source, folder))) {
      const path = folder === "" ? place : `${folder}/${place}`;
      if (!isBuilt(copy, path)) continue;
      const room = { bytes: MOST_BYTES, files: MOST_FILES };
      if (syncTree(copy, join(copy.source, path), join(copy.root, path), room, isLibrary)) wanted.add(path);
      else leftOut.push({ path, reason: "it holds more than 64 MB or 5,000 files" });
    }
  }
  for (const path of [...copy.built].filter((each) => !wanted.has(each))) remove(join(copy.root, path));
  copy.built = wanted;
  return leftOut;
};

const isLibrary = (path: string, isFolder: boolean): boolean =>
  !path.endsWith("/node_modules") && builtInRule(path.slice(path.lastIndexOf("/") + 1), isFolder) === null;

const isBuilt = (copy: PrivateCopy, path: string): boolean =>
  isBuiltEntry(copy.rules.closedBy(path) ?? copy.rules.rule(path, true));
