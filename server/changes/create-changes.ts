import { randomUUID } from "node:crypto";
import type { ChangedFile, ChangeSet } from "../../schemas/changes.ts";
import { changeSetOfAttempt, entriesBetween } from "./attempts.ts";
import { mergeBranches } from "./branches.ts";
import { describeEntries, entriesOf } from "./build.ts";
import type { ChangeOwner, Changes } from "./changes.ts";
import { presentBytes } from "./contents.ts";
import { type ChangesContext, createDeciding } from "./deciding.ts";
import { incoming } from "./incoming.ts";
import { createReading } from "./reading.ts";

export const createChanges = (context: ChangesContext): Changes => {
  const { store, workspace, now } = context;
  const { objects } = store;

  const create = (owner: ChangeOwner, files: ChangedFile[]): ChangeSet => {
    const at = now();
    return {
      change_set_id: randomUUID(),
      tenant_id: store.tenantId,
      ...owner,
      status: "Pending",
      files,
      discard_reason: null,
      created_at: at,
      updated_at: at,
    };
  };

  return {
    remember: async (paths, overlays) => {
      for (const path of paths) {
        const { disk, overlay } = await presentBytes(workspace, path, overlays);
        const present = overlay ?? disk;
        if (present !== null) await objects.put(present);
      }
    },

    build: async (owner, changes, overlays) => {
      const entries = await incoming({ objects, workspace }, changes, overlays);
      return create(owner, await describeEntries(objects, entries));
    },

    merge: async (owner, base, branches) => {
      const { entries, conflicts } = await mergeBranches(
        objects,
        entriesOf(base?.files ?? []),
        branches.map(({ files }) => entriesOf(files)),
      );
      if (conflicts.length > 0) return { merged: false, conflicts };
      return { merged: true, change_set: create(owner, await describeEntries(objects, entries)) };
    },

    ofAttempt: async (taskId, attempt, against) => {
      const changeSet = changeSetOfAttempt(store, taskId, attempt);
      if (against === null) return changeSet;
      const from = changeSetOfAttempt(store, taskId, against);
      const entries = entriesBetween(entriesOf(from.files), entriesOf(changeSet.files));
      const { task_id, execution_id } = changeSet;
      return create({ task_id, execution_id }, await describeEntries(objects, entries));
    },

    ...createReading(context),
    ...createDeciding(context),
  };
};
