import type { Memento } from "vscode";
import { z } from "zod";
import { applyHunks, hunksBetween } from "./hunks.ts";
import { decisionOf, type Proposal } from "./proposal.ts";

const Range = z.strictObject({ from: z.int().min(0), to: z.int().min(0) });
const Hunks = z.array(z.strictObject({ old: Range, new: Range, text: z.string() }));

/** The user's decisions about the hunks of a run's files, kept over a reload of the window. */
const Progress = z.strictObject({
  /** Hunks of another change set belong to other texts. */
  change_set_id: z.string(),
  files: z.record(z.string(), z.strictObject({ accepted: Hunks, discarded: Hunks })),
});
type Progress = z.infer<typeof Progress>;
type Files = ReadonlyMap<string, Proposal>;

const keyOf = (taskId: string): string => `review.${taskId}`;

/** Differences from the runtime's texts: accepted hunks moved into `base`, discarded ones out of `wanted`. */
const progressOf = (proposal: Proposal): Progress["files"][string] | null => {
  const { before, after, base, wanted } = proposal;
  if (before === null || after === null || base === null || wanted === null) return null;
  if (decisionOf(proposal) !== "Pending" || (base === before && wanted === after)) return null;
  return { accepted: hunksBetween(before, base), discarded: hunksBetween(after, wanted) };
};

/** Stores the partly decided files of a run, and removes all others. */
export const keepProgress = async (
  memento: Memento,
  taskId: string,
  change_set_id: string,
  proposals: Files,
): Promise<void> => {
  const files: Progress["files"] = {};
  for (const [path, proposal] of proposals) {
    const progress = progressOf(proposal);
    if (progress !== null) files[path] = progress;
  }
  const kept: Progress | undefined = Object.keys(files).length === 0 ? undefined : { change_set_id, files };
  await memento.update(keyOf(taskId), kept);
};

/** The proposals with the user's earlier decisions. */
export const restoreProgress = (
  memento: Memento,
  taskId: string,
  change_set_id: string,
  proposals: Files,
): Map<string, Proposal> => {
  const kept = Progress.safeParse(memento.get(keyOf(taskId))).data;
  const files = kept?.change_set_id === change_set_id ? kept.files : {};
  return new Map(
    [...proposals].map(([path, proposal]) => {
      const progress = files[path];
      const { before, after } = proposal;
      if (progress === undefined || before === null || after === null) return [path, proposal];
      const base = applyHunks(before, progress.accepted);
      return [path, { ...proposal, base, wanted: applyHunks(after, progress.discarded) }];
    }),
  );
};
