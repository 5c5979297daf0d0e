import { merge } from "node-diff3";
import { hunksBetween, linesOf, withLineFeeds, type Hunk } from "./hunks.ts";

/** The texts of one file. `null` if it does not exist. */
export interface FileVersions {
  /** The text that the agents started with. */
  before: string | null;
  /** The text that the agents propose. */
  after: string | null;
  /** The text in the editor or on disk now, unsaved text included. */
  current: string | null;
}

/** What to do with a file of the workspace. `conflict`: nothing, because the user must decide. */
export type Plan =
  | { kind: "unchanged" }
  | { kind: "create"; text: string }
  | { kind: "delete" }
  | { kind: "edit"; hunks: Hunk[]; merged: boolean }
  | { kind: "conflict" };

/**
 * How to apply the agents' change to a file that the user may have edited meanwhile: unchanged if the user
 * did not edit it, merged if the changes do not overlap, and not at all if they overlap.
 */
export const planFile = (versions: FileVersions): Plan => {
  const { before, after, current } = {
    before: normalised(versions.before),
    after: normalised(versions.after),
    current: normalised(versions.current),
  };
  if (current === after) return { kind: "unchanged" };
  if (after === null) return current === before ? { kind: "delete" } : { kind: "conflict" };
  if (current === null) return before === null ? { kind: "create", text: after } : { kind: "conflict" };
  if (current === before) return { kind: "edit", hunks: hunksBetween(current, after), merged: false };
  if (before === null) return { kind: "conflict" };
  const { conflict, result } = merge(linesOf(current), linesOf(before), linesOf(after), {
    excludeFalseConflicts: true,
  });
  if (conflict) return { kind: "conflict" };
  const merged = result.join("");
  if (merged === current) return { kind: "unchanged" };
  return { kind: "edit", hunks: hunksBetween(current, merged), merged: true };
};

const normalised = (text: string | null): string | null => (text === null ? null : withLineFeeds(text));
