import type { ChangeDecision, ChangeSet, FileChange, PresentState } from "../../schemas/changes.ts";
import type { AppliedFile, ChangeContent } from "../../schemas/contract.ts";
import type { Overlay } from "../../schemas/run.ts";

/** Whose change set it is; `execution_id` is null for a merge of several. */
export interface ChangeOwner {
  task_id: string;
  execution_id: string | null;
}

type MergeResult =
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
  /** Merges what parallel stages made of `base` (`null`: the workspace as it was). */
  merge(owner: ChangeOwner, base: ChangeSet | null, branches: readonly ChangeSet[]): Promise<MergeResult>;

  /** The text form, as `git diff` writes it; `git apply` takes it unless a file is binary. */
  diff(changeSet: ChangeSet): Promise<string>;
  contents(changeSet: ChangeSet): Promise<ChangeContent[]>;
  /** What each of its files is in the workspace now. */
  present(changeSet: ChangeSet): Promise<{ path: string; state: PresentState }[]>;

  /** Of the run of that task, or its newest one. Error: `not_found`. */
  ofTask(taskId: string): ChangeSet;
  /**
   * What an attempt left, counted from the workspace as it was, or from what another attempt left; the
   * latter is not stored. Of the last stage that was attempted several times. Error: `not_found`.
   */
  ofAttempt(taskId: string, attempt: number, against: number | null): Promise<ChangeSet>;
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
  /** Error: `change_set_decided` for a file that was written and not undone since. */
  discard(changeSetId: string, paths: readonly string[] | null, reason?: string | null): Promise<ChangeSet>;
}
