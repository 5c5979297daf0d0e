import type { ChangeSet, PresentState } from "../../schemas/changes.ts";
import type { AppliedFile } from "../../schemas/contract.ts";
import { confine } from "../workspace/paths.ts";
import { applyFile } from "./apply-file.ts";
import { presentStateOf, type ReadObjects } from "./contents.ts";
import { filesToApply, selectFiles } from "./decisions.ts";

/** What each file of a change set is in the workspace now. */
export const presentStates = (
  workspace: string,
  { files }: ChangeSet,
): Promise<{ path: string; state: PresentState }[]> =>
  Promise.all(files.map(async (file) => ({ path: file.path, state: await presentStateOf(workspace, file) })));

/**
 * Writes files of a change set into the workspace (`null`: all that were not discarded), and gives what came
 * of each, up to the first that failed. Errors, before anything is written: `outside_workspace`, `not_found`,
 * `change_set_decided`.
 */
export const applyFiles = async (
  workspace: string,
  objects: ReadObjects,
  changeSet: ChangeSet,
  paths: readonly string[] | null,
): Promise<{ files: AppliedFile[]; failure: Error | null }> => {
  const chosen = paths === null ? filesToApply(changeSet) : selectFiles(changeSet, paths);
  for (const { path, old_path } of chosen) {
    confine(workspace, path);
    if (old_path !== null) confine(workspace, old_path);
  }
  const files: AppliedFile[] = [];
  try {
    for (const file of chosen)
      files.push({ path: file.path, result: await applyFile(workspace, objects, file) });
    return { files, failure: null };
  } catch (failure) {
    if (!(failure instanceof Error)) throw failure;
    return { files, failure };
  }
};
