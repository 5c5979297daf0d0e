import type { Overlay } from "../../schemas/run.ts";
import type { Store } from "../store/store.ts";
import { ignoreRules } from "../workspace/ignore.ts";
import { readInside } from "../workspace/open.ts";

const LARGEST_BYTES = 1024 * 1024;

/**
 * Environment files of the workspace that the user allowed tests to read. A file must be in version control,
 * and no .coditectignore may match it.
 */
export const openedFiles = (workspace: string, paths: readonly string[]): Overlay[] => {
  if (paths.length === 0) return [];
  const rules = ignoreRules(workspace);
  return paths.flatMap((path) => {
    const bytes = rules.mayBeOpened(path) ? readInside(workspace, path, { most: LARGEST_BYTES }) : null;
    return bytes === null ? [] : [{ path, text: bytes.toString("utf8") }];
  });
};

/** The files that the user opened to the tests of one task, as the task keeps them. */
export interface TaskFiles {
  list(taskId: string): readonly string[];
  add(taskId: string, path: string): Promise<void>;
}

/** Stores the user's answers, so that a run that resumes in another process finds them. */
export const storedTaskFiles = (store: Pick<Store, "get" | "commit">): TaskFiles => ({
  list: (taskId) => store.get("tasks", taskId)?.opened_files ?? [],
  add: async (taskId, path) => {
    const task = store.get("tasks", taskId);
    if (task === null) return;
    const opened_files = [...new Set([...(task.opened_files ?? []), path])];
    await store.commit((transaction) => {
      transaction.put("tasks", { ...task, opened_files });
    });
  },
});
