import type { ChangeSet } from "../../schemas/changes.ts";
import { lessonOfDiscard } from "../feedback/lessons.ts";
import { type HandlerContext, type HandlersOf, refuseOnCopy } from "./context.ts";
import { found } from "./lookup.ts";

/** The change set of a run: look at it, write it into the workspace, or drop it. */
export const changeHandlers = ({
  store,
  received,
  changes,
  feedback,
  emit,
  now,
}: HandlerContext): HandlersOf<"changes"> => {
  const announce = (changeSet: ChangeSet): ChangeSet => {
    const { task_id, change_set_id, files } = changeSet;
    emit({ type: "changes.changed", at: now(), task_id, change_set_id, files });
    return changeSet;
  };

  return {
    "changes/get": async ({ task_id, include_content, attempt, against }) => {
      const change_set =
        attempt === undefined
          ? changes.ofTask(task_id)
          : await changes.ofAttempt(task_id, attempt, against ?? null);
      const [contents, diff, present] = await Promise.all([
        include_content ? changes.contents(change_set) : [],
        changes.diff(change_set),
        changes.present(change_set),
      ]);
      return { change_set, contents, diff, present };
    },

    "changes/apply": async ({ task_id, paths }) => {
      refuseOnCopy(
        { received },
        "Applying changes",
        "Apply them in your workspace, and record it with changes/decide.",
      );
      const applied = await changes.apply(changes.ofTask(task_id).change_set_id, paths);
      announce(applied.change_set);
      return applied;
    },

    "changes/decide": async ({ task_id, paths, decision }) =>
      announce(await changes.decide(changes.ofTask(task_id).change_set_id, paths, decision)),

    "changes/discard": async ({ task_id, paths, reason }) => {
      const discarded = await changes.discard(changes.ofTask(task_id).change_set_id, paths, reason);
      announce(discarded);
      if (reason !== null) await feedback.learn(lessonOfDiscard(discarded, found(store, "tasks", task_id)));
      return discarded;
    },
  };
};
