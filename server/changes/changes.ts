import { randomUUID } from "node:crypto";
import type { ChangeDecision, ChangedFile, ChangeSet, FileChange } from "../../schemas/changes.ts";
import type { AppliedFile, ChangeContent } from "../../schemas/contract.ts";
import { fail } from "../../schemas/errors.ts";
import type { Timestamp } from "../../schemas/primitives.ts";
import type { Overlay } from "../../schemas/run.ts";
import type { Store } from "../store/store.ts";
import { toFileContent } from "../workspace/encoding.ts";
import { confine } from "../workspace/paths.ts";
import { applyFile } from "./apply-file.ts";
import { mergeBranches } from "./branches.ts";
import { describeEntries, entriesOf, fileChange } from "./build.ts";
import { kept, presentBytes } from "./contents.ts";
import { filesToApply, filesToDiscard, selectFiles, withDecision } from "./decisions.ts";
import { incoming } from "./incoming.ts";
import { filePatch } from "./patch.ts";

/** Whose change set it is; `execution_id` is null for a merge of several. */
export interface ChangeOwner {
  task_id: string;
  execution_id: string | null;
}

export type MergeResult =
  | { merged: true; change_set: ChangeSet }
  /** Files that several branches changed in ways that overlap. */
  | { merged: false; conflicts: string[] };

/**
 * Change sets: the bytes are in the object store, the records are plain data. `build` and `merge`
 * return a record that is not stored yet, so that the caller can commit it together with what
 * refers to it; the rest changes stored records.
 */
export interface Changes {
  /**
   * Keeps the present bytes of files for later diffs and merges, overlays in place of the disk.
   * `build` does the same for what changed; call it earlier to be safe from edits in between.
   */
  remember(paths: readonly string[], overlays: readonly Overlay[]): Promise<void>;
  /** A change set of what a worker handed back. Bytes are durable when it resolves. */
  build(owner: ChangeOwner, changes: readonly FileChange[], overlays: readonly Overlay[]): Promise<ChangeSet>;
  /** What a worker is given to put the change set into its copy: the reverse of `build`. */
  fileChanges(changeSet: ChangeSet): Promise<FileChange[]>;
  /** Brings together what parallel stages made of `base` (`null`: the workspace as it was). */
  merge(owner: ChangeOwner, base: ChangeSet | null, branches: readonly ChangeSet[]): Promise<MergeResult>;

  /** The text form, as `git diff` writes it; `git apply` takes it unless a file is binary. */
  diff(changeSet: ChangeSet): Promise<string>;
  contents(changeSet: ChangeSet): Promise<ChangeContent[]>;

  /** Of the run of that task, or its newest one. Error: `not_found`. */
  ofTask(taskId: string): ChangeSet;
  /**
   * Writes files into the workspace (`null`: all that were not discarded), each one atomically.
   * A file edited since is merged, or left alone as a conflict. Can be repeated.
   */
  apply(
    changeSetId: string,
    paths: readonly string[] | null,
  ): Promise<{ change_set: ChangeSet; files: AppliedFile[] }>;
  /** Records a decision and writes nothing. Error: `not_found` for a path that is not in the set. */
  decide(
    changeSetId: string,
    paths: readonly string[],
    decision: Exclude<ChangeDecision, "Pending">,
  ): Promise<ChangeSet>;
  /** Error: `change_set_decided` for a file that was written already. */
  discard(changeSetId: string, paths: readonly string[] | null): Promise<ChangeSet>;
}

export interface ChangesContext {
  store: Store;
  /** Absolute path of the user's workspace. */
  workspace: string;
  now: () => Timestamp;
}

/** Runs one task after the other, so that two calls never decide about the same files at once. */
const inTurn = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <Result>(task: () => Promise<Result>): Promise<Result> => {
    const next = last.then(task, task);
    last = next;
    return next;
  };
};

export const createChanges = ({ store, workspace, now }: ChangesContext): Changes => {
  const { objects } = store;
  const serialised = inTurn();

  const stored = (changeSetId: string): ChangeSet => {
    const changeSet = store.get("changeSets", changeSetId);
    if (changeSet === null) throw fail("not_found", { kind: "change set", id: changeSetId });
    return changeSet;
  };

  const create = (owner: ChangeOwner, files: ChangedFile[]): ChangeSet => {
    const at = now();
    return {
      change_set_id: randomUUID(),
      tenant_id: store.tenantId,
      ...owner,
      status: "Pending",
      files,
      created_at: at,
      updated_at: at,
    };
  };

  const save = async (changeSet: ChangeSet): Promise<ChangeSet> => {
    await store.commit((transaction) => {
      transaction.put("changeSets", changeSet);
    });
    return changeSet;
  };

  const decide = (
    changeSet: ChangeSet,
    files: readonly { path: string }[],
    decision: ChangeDecision,
  ): Promise<ChangeSet> =>
    save(withDecision(changeSet, new Set(files.map(({ path }) => path)), decision, now()));

  const sidesOf = async ({ before, after }: ChangedFile) => ({
    before: before === null ? null : ((await kept(objects, before)) ?? ("unknown" as const)),
    after: after === null ? null : await objects.get(after),
  });

  const apply: Changes["apply"] = async (changeSetId, paths) => {
    const changeSet = stored(changeSetId);
    const chosen = paths === null ? filesToApply(changeSet) : selectFiles(changeSet, paths);
    // Before anything is written: one path that leads out refuses them all.
    for (const { path, old_path } of chosen) {
      confine(workspace, path);
      if (old_path !== null) confine(workspace, old_path);
    }
    const files: AppliedFile[] = [];
    try {
      for (const file of chosen)
        files.push({ path: file.path, result: await applyFile(workspace, objects, file) });
    } finally {
      const taken = files.filter(({ result }) => result !== "conflict");
      await decide(changeSet, taken, "Accepted");
    }
    return { change_set: stored(changeSetId), files };
  };

  return {
    async remember(paths, overlays) {
      for (const path of paths) {
        const { disk, overlay } = await presentBytes(workspace, path, overlays);
        const present = overlay ?? disk;
        if (present !== null) await objects.put(present);
      }
    },

    async build(owner, changes, overlays) {
      const entries = await incoming({ objects, workspace }, changes, overlays);
      return create(owner, await describeEntries(objects, entries));
    },

    fileChanges: (changeSet) =>
      Promise.all(entriesOf(changeSet.files).map((entry) => fileChange(objects, entry, toFileContent))),

    async merge(owner, base, branches) {
      const { entries, conflicts } = await mergeBranches(
        objects,
        entriesOf(base?.files ?? []),
        branches.map(({ files }) => entriesOf(files)),
      );
      if (conflicts.length > 0) return { merged: false, conflicts };
      return { merged: true, change_set: create(owner, await describeEntries(objects, entries)) };
    },

    async diff(changeSet) {
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

    ofTask(taskId) {
      const chosen = store.get("runs", taskId)?.change_set_id ?? null;
      const changeSet =
        chosen === null ? store.all("changeSets", { task_id: taskId })[0] : store.get("changeSets", chosen);
      if (!changeSet) throw fail("not_found", { kind: "change set of task", id: taskId });
      return changeSet;
    },

    apply: (changeSetId, paths) => serialised(() => apply(changeSetId, paths)),

    decide: (changeSetId, paths, decision) =>
      serialised(async () => {
        const changeSet = stored(changeSetId);
        return decide(changeSet, selectFiles(changeSet, paths), decision);
      }),

    discard: (changeSetId, paths) =>
      serialised(async () => {
        const changeSet = stored(changeSetId);
        return decide(changeSet, filesToDiscard(changeSet, paths), "Discarded");
      }),
  };
};
