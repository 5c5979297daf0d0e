import type { Overlay } from "../../schemas/run.ts";
import { classifyPath } from "../workspace/classify.ts";
import { ignoreRules } from "../workspace/ignore.ts";
import { pacer } from "../workspace/pace.ts";
import { importsOf } from "./imports.ts";
import { indexWorkspace } from "./workspace-index.ts";

/** The maximum number of files whose imports are read. */
const MOST_READ = 60;

/**
 * The sources that test files import, directly or through other files, nearest first. A guess from the text of the
 * files, for every language. Errors: `cancelled`.
 *
 * @param read the text of a file in the judged state, which may differ from the workspace; null if there is none.
 */
export const testedSources = async (
  workspace: string,
  tests: readonly string[],
  {
    read,
    overlays,
    signal,
  }: { read: (path: string) => Promise<string | null>; overlays: readonly Overlay[]; signal: AbortSignal },
): Promise<string[]> => {
  const index = await indexWorkspace(workspace, ignoreRules(workspace), overlays, signal);
  const pause = pacer("looking for tested sources", signal);
  const reached = new Set(tests);
  let looked = 0;
  // The set grows during the loop: what a file imports comes after it.
  for (const path of reached) {
    looked += 1;
    if (looked > MOST_READ) break;
    await pause();
    for (const imported of importsOf(path, (await read(path)) ?? "", index)) reached.add(imported);
  }
  return [...reached].filter((path) => classifyPath(path, index.layout) === "source");
};
