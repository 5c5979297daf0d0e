import { changeOutcome } from "../../schemas/change-outcome.ts";
import type { ChangeDecision, ChangeSet } from "../../schemas/changes.ts";
import { fail } from "../../schemas/errors.ts";
import type { Timestamp } from "../../schemas/primitives.ts";
import { SerialQueue } from "../../schemas/serial-queue.ts";
import { putChangeSet } from "../metrics/acceptance.ts";
import type { Store } from "../store/store.ts";
import { presentStateOf } from "./contents.ts";
import type { Changes } from "./changes.ts";
import { filesToDiscard, selectFiles, withDecision } from "./decisions.ts";
import { applyFiles } from "./workspace-files.ts";

export interface ChangesContext {
  store: Store;
  /** Absolute path of the user's workspace. */
  workspace: string;
  now: () => Timestamp;
}

/** The part of {@link Changes} that says what becomes of a change set, and does it. */
export const createDeciding = ({
  store,
  workspace,
  now,
}: ChangesContext): Pick<Changes, "apply" | "decide" | "discard"> => {
  // Two calls never decide about the same files at once.
  const queue = new SerialQueue();

  const stored = (changeSetId: string): ChangeSet => {
    const changeSet = store.get("changeSets", changeSetId);
    if (changeSet === null) throw fail("not_found", { kind: "change set", id: changeSetId });
    return changeSet;
  };

  const decide = async (
    changeSet: ChangeSet,
    files: readonly { path: string }[],
    decision: ChangeDecision,
  ): Promise<ChangeSet> => {
    const decided = withDecision(changeSet, new Set(files.map(({ path }) => path)), decision, now());
    await store.commit((transaction) => {
      putChangeSet(transaction, decided);
    });
    return decided;
  };

  const apply: Changes["apply"] = async (changeSetId, paths) => {
    const changeSet = stored(changeSetId);
    const { files, failure } = await applyFiles(workspace, store.objects, changeSet, paths);
    const taken = files.filter(({ result }) => result !== "conflict");
    await decide(changeSet, taken, "Accepted");
    if (failure !== null) throw failure;
    return { change_set: stored(changeSetId), files };
  };

  const undoneIn = async ({ files }: ChangeSet): Promise<Set<string>> => {
    const undone = new Set<string>();
    for (const file of files)
      if (changeOutcome(file, await presentStateOf(workspace, file)) === "undone") undone.add(file.path);
    return undone;
  };

  return {
    apply: (changeSetId, paths) => queue.run(() => apply(changeSetId, paths)),

    decide: (changeSetId, paths, decision) =>
      queue.run(async () => {
        const changeSet = stored(changeSetId);
        return decide(changeSet, selectFiles(changeSet, paths), decision);
      }),

    discard: (changeSetId, paths, reason = null) =>
      queue.run(async () => {
        const changeSet = stored(changeSetId);
        const given = reason === null ? changeSet : { ...changeSet, discard_reason: reason };
        const undone = await undoneIn(changeSet);
        return decide(given, filesToDiscard(changeSet, paths, undone), "Discarded");
      }),
  };
};
