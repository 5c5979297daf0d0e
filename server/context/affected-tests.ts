import type { Overlay } from "../../schemas/run.ts";
import { classifyPath } from "../workspace/classify.ts";
import { ignoreRules } from "../workspace/ignore.ts";
import { pacer } from "../workspace/pace.ts";
import { onlyHelpsTests } from "../workspace/test-layout.ts";
import { relationsOf } from "./relations.ts";
import { indexWorkspace } from "./workspace-index.ts";

/** The maximum number of files to search importers for. */
const MOST_SOURCES = 30;

/**
 * Finds test files that import changed sources directly or through other files, nearest first. The result is a
 * guess from the text of the files, like that of `vitest related` and `jest --findRelatedTests`, but for every
 * language. It does not contain files that only help tests, in which a runner finds no test. It determines which tests
 * run first, and which replace a suite that takes too long. Errors: `cancelled`.
 */
export const affectedTests = async (
  workspace: string,
  changed: readonly string[],
  overlays: readonly Overlay[],
  signal: AbortSignal,
): Promise<string[]> => {
  const index = await indexWorkspace(workspace, ignoreRules(workspace), overlays, signal);
  const tests = new Set<string>();
  const reached = new Set(changed.filter((path) => classifyPath(path, index.layout) === "source"));
  const pause = pacer("looking for affected tests", signal);
  let looked = 0;
  // The set grows during the loop: importers come after the files that they import.
  for (const path of reached) {
    looked += 1;
    if (looked > MOST_SOURCES) break;
    const relations = await relationsOf(path, index.read(path) ?? "", index, pause);
    for (const test of [...relations.ownTests, ...relations.tests]) {
      const text = index.read(test);
      if (text === null || !onlyHelpsTests(test, text)) tests.add(test);
    }
    for (const importer of relations.importers) reached.add(importer);
  }
  return [...tests];
};
