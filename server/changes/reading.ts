import type { ChangedFile } from "../../schemas/changes.ts";
import { fail } from "../../schemas/errors.ts";
import { toFileContent } from "../workspace/encoding.ts";
import { entriesOf, fileChange } from "./build.ts";
import type { Changes } from "./changes.ts";
import { kept } from "./contents.ts";
import type { ChangesContext } from "./deciding.ts";
import { filePatch } from "./patch.ts";
import { presentStates } from "./workspace-files.ts";

/** The part of {@link Changes} that looks at change sets and changes nothing. */
export const createReading = ({
  store,
  workspace,
}: Pick<ChangesContext, "store" | "workspace">): Pick<
  Changes,
  "fileChanges" | "diff" | "contents" | "present" | "ofTask"
> => {
  const { objects } = store;

  const sidesOf = async ({ before, after }: ChangedFile) => ({
    before: before === null ? null : ((await kept(objects, before)) ?? ("unknown" as const)),
    after: after === null ? null : await objects.get(after),
  });

  return {
    fileChanges: (changeSet) =>
      Promise.all(entriesOf(changeSet.files).map((entry) => fileChange(objects, entry, toFileContent))),

    diff: async (changeSet) => {
      const patches: string[] = [];
      for (const file of changeSet.files) patches.push(filePatch(file, await sidesOf(file)));
      return patches.join("");
    },

    contents: (changeSet) =>
      Promise.all(
        changeSet.files.map(async (file) => {
          const { before, after } = await sidesOf(file);
          return {
            path: file.path,
            before: Buffer.isBuffer(before) ? toFileContent(before) : null,
            after: after === null ? null : toFileContent(after),
          };
        }),
      ),

    present: (changeSet) => presentStates(workspace, changeSet),

    ofTask: (taskId) => {
      const chosen = store.get("runs", taskId)?.change_set_id ?? null;
      const changeSet =
        chosen === null ? store.all("changeSets", { task_id: taskId })[0] : store.get("changeSets", chosen);
      if (!changeSet) throw fail("not_found", { kind: "change set of task", id: taskId });
      return changeSet;
    },
  };
};
