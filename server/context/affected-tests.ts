import { posix } from "node:path";
import type { Overlay } from "../../schemas/run.ts";
import { classifyPath } from "../workspace/classify.ts";
import { ignoreRules } from "../workspace/ignore.ts";
import { pacer } from "../workspace/pace.ts";
import { isConftest, mayHelpTests, onlyHelpsTests } from "../workspace/test-layout.ts";
import { relationsOf } from "./relations.ts";
import { indexWorkspace, type WorkspaceIndex } from "./workspace-index.ts";

/** The maximum number of files to search importers for. */
const MOST_SOURCES = 30;

const pythonTestsBelow = (folder: string, { paths, layout }: WorkspaceIndex): string[] =>
  [...paths].filter(
    (path) =>
      path.endsWith(".py") &&
      (folder === "." || path.startsWith(`${folder}/`)) &&
      classifyPath(path, layout) === "test",
  );

/**
 * Finds test files that import changed files directly or through other sources and test helpers, nearest first. The
 * result is a guess from the text of the files, like that of `vitest related` and `jest --findRelatedTests`, but for every
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
  const isSource = (path: string): boolean => classifyPath(path, index.layout) === "source";
  const helps = (path: string): boolean => !isSource(path) && mayHelpTests(path, index.read(path) ?? "");
  const reached = new Set(changed.filter((path) => isSource(path) || helps(path)));
  const pause = pacer("looking for affected tests", signal);
  let looked = 0;
  // The set grows during the loop: importers come after the files that they import.
  for (const path of reached) {
    looked += 1;
    if (looked > MOST_SOURCES) break;
    const relations = await relationsOf(path, index.read(path) ?? "", index, pause);
    const given = isConftest(path) ? pythonTestsBelow(posix.dirname(path), index) : [];
    for (const test of [...relations.ownTests, ...relations.tests, ...given]) {
      const text = index.read(test);
      if (text === null || !onlyHelpsTests(test, text)) tests.add(test);
      if (helps(test)) reached.add(test);
    }
    for (const importer of relations.importers) reached.add(importer);
  }
  return [...tests];
};
