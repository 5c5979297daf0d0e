import { findGit } from "../../workspace/git.ts";
import { type HiddenFinder, showsFilesAlone } from "../drivers/hidden.ts";
import { visibleToWorker } from "../drivers/visible.ts";
import type { Instance } from "./instance.ts";

/**
 * Whether the workspace has a hidden file that was not hidden or did not exist when the instance started. Its
 * worker would see this file.
 */
export const isOutdated = async (
  { kind, hidden, worker }: Pick<Instance, "kind" | "hidden" | "worker">,
  find: HiddenFinder,
): Promise<boolean> => {
  if (worker?.unconfinedReason !== null) return false;
  const { sources } = visibleToWorker(kind.workspace, findGit(kind.workspace));
  const present = (await Promise.all(sources.map((folder) => find(folder, 0)))).flat();
  const known = new Set(hidden.map(({ path }) => path));
  return showsFilesAlone(present) || present.some(({ path }) => !known.has(path));
};
