import type { ChangedFile, ChangeDecision, ChangeSet, ChangeSetStatus } from "../../schemas/changes.ts";
import { fail } from "../../schemas/errors.ts";
import type { Timestamp } from "../../schemas/primitives.ts";

/** Pending as long as a file is; `PartlyAccepted` when some were taken and some discarded. */
const statusOf = (files: readonly ChangedFile[]): ChangeSetStatus => {
  const decided = (...decisions: ChangeDecision[]) =>
    files.every(({ decision }) => decisions.includes(decision));
  if (files.some(({ decision }) => decision === "Pending")) return "Pending";
  if (decided("Accepted", "Edited")) return "Accepted";
  return decided("Discarded") ? "Discarded" : "PartlyAccepted";
};

/** The files of those paths. Error: `not_found` for one that is not in the set. */
export const selectFiles = (changeSet: ChangeSet, paths: readonly string[]): ChangedFile[] =>
  paths.map((path) => {
    const file = changeSet.files.find((candidate) => candidate.path === path);
    if (file === undefined) throw fail("not_found", { kind: "changed file", id: path });
    return file;
  });

/** The change set with that decision on those files. */
export const withDecision = (
  changeSet: ChangeSet,
  decided: ReadonlySet<string>,
  decision: ChangeDecision,
  now: Timestamp,
): ChangeSet => {
  const files = changeSet.files.map((file) => (decided.has(file.path) ? { ...file, decision } : file));
  return { ...changeSet, files, status: statusOf(files), updated_at: now };
};

/** Whether a file is applied only if the user names it. */
const needsNaming = ({ marks = [], decision }: ChangedFile): boolean =>
  decision === "Pending" && marks.length > 0;

/** What an apply without paths writes: everything that was not discarded and bears no mark. */
export const filesToApply = (changeSet: ChangeSet): ChangedFile[] => {
  if (changeSet.status === "Discarded")
    throw fail("change_set_decided", { task_id: changeSet.task_id, status: "discarded" });
  return changeSet.files.filter((file) => file.decision !== "Discarded" && !needsNaming(file));
};

const isWritten = ({ decision }: ChangedFile): boolean => decision === "Accepted" || decision === "Edited";

/**
 * What a discard drops. What was written cannot be: it is part of the workspace now.
 *
 * @param undone paths of files that were written, and that the user has put back since.
 */
export const filesToDiscard = (
  changeSet: ChangeSet,
  paths: readonly string[] | null,
  undone: ReadonlySet<string>,
): ChangedFile[] => {
  const chosen = paths === null ? changeSet.files : selectFiles(changeSet, paths);
  const droppable = chosen.filter((file) => !isWritten(file) || undone.has(file.path));
  if (paths === null ? droppable.length === 0 && chosen.length > 0 : droppable.length < chosen.length)
    throw fail("change_set_decided", { task_id: changeSet.task_id, status: "accepted" });
  return droppable;
};
