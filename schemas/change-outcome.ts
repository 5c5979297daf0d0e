import type { ChangedFile, PresentState } from "./changes.ts";

/** @param sha256 of the file at the change's path now; `null` if there is none. */
export const presentState = ({ kind, before, after }: ChangedFile, sha256: string | null): PresentState => {
  if (sha256 === after) return "Proposed";
  // Before a rename there was nothing at the new path.
  return sha256 === (kind === "Renamed" ? null : before) ? "Original" : "Other";
};

/**
 * What has become of a change: the user's decision as far as the file still bears it out. `applied`
 * also holds for one without a decision, such as a patch applied by hand.
 */
export type ChangeOutcome = "open" | "applied" | "applied in part" | "undone" | "changed since" | "discarded";

export const changeOutcome = (
  { decision }: Pick<ChangedFile, "decision">,
  present: PresentState | null,
): ChangeOutcome => {
  if (decision === "Discarded") return "discarded";
  if (present === "Proposed") return "applied";
  if (decision === "Pending") return "open";
  if (present === "Original") return "undone";
  if (decision === "Edited") return "applied in part";
  return present === null ? "applied" : "changed since";
};
