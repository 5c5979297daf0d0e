import type { ChangeDecision, ChangedFile } from "../../schemas/changes.ts";
import type { ChangeContent } from "../../schemas/contract.ts";
import { applyHunks, hunksBetween, withLineFeeds, type Hunk } from "./hunks.ts";

/**
 * One file under review. Accepting a hunk moves it into `base`. Discarding one removes it from `wanted`. When
 * both are equal, every hunk is decided.
 */
export interface Proposal {
  file: ChangedFile;
  /** The runtime's text. `null`: the file is new, or deleted, or not text. */
  before: string | null;
  after: string | null;
  base: string | null;
  wanted: string | null;
}

export const openProposal = (file: ChangedFile, content: ChangeContent): Proposal => {
  const text = (side: ChangeContent["before"]) =>
    side?.encoding === "utf8" ? withLineFeeds(side.data) : null;
  const [before, after] = [text(content.before), text(content.after)];
  return { file, before, after, base: before, wanted: after };
};

/** How the documents of a proposal are shown. See `ReviewedFile`. */
export const shownAs = ({ file: { path, marks } }: Proposal): { path: string; isPlain: boolean } => ({
  path,
  isPlain: marks?.includes("fetches") === true,
});

/**
 * The two texts of its diff: the open hunks, or, if all of them are decided, the proposal. Otherwise, both
 * sides would have the same text.
 */
export const diffSides = ({ before, after, base, wanted }: Proposal) =>
  base === wanted ? { before, after } : { before: base, after: wanted };

/**
 * Opens a proposal again if the user has undone its accepted part: all of it, or the hunks that no longer
 * occur while the others are still in the file.
 *
 * @param current the text of the file now.
 */
export const followFile = (proposal: Proposal, current: string | null): Proposal => {
  const { before, after, base } = proposal;
  const text = current === null ? null : withLineFeeds(current);
  if (base === before) return proposal;
  if (text === before) return { ...proposal, base: before, wanted: after };
  if (text === null || before === null || base === null) return proposal;
  const [accepted, held] = [hunksBetween(before, base), hunksBetween(before, text)];
  const isPart =
    held.length < accepted.length && held.every((hunk) => accepted.some((other) => isSame(hunk, other)));
  return isPart ? { ...proposal, base: text } : proposal;
};

/** Hunks without a decision. None in a file that is created or deleted as a whole. */
export const openHunks = ({ base, wanted }: Proposal): Hunk[] =>
  base === null || wanted === null ? [] : hunksBetween(base, wanted);

/** Accepts the hunks that are still open and unchanged. Another decision may have moved them. */
export const acceptHunks = (proposal: Proposal, accepted: readonly Hunk[]): Proposal => {
  if (proposal.base === null) return proposal;
  const taken = openHunks(proposal).filter((hunk) => accepted.some((other) => isSame(hunk, other)));
  return { ...proposal, base: applyHunks(proposal.base, taken) };
};

export const discardHunks = (proposal: Proposal, discarded: readonly Hunk[]): Proposal => {
  if (proposal.base === null) return proposal;
  const kept = openHunks(proposal).filter((hunk) => !discarded.some((other) => isSame(hunk, other)));
  return { ...proposal, wanted: applyHunks(proposal.base, kept) };
};

const isSame = (a: Hunk, b: Hunk): boolean =>
  a.old.from === b.old.from && a.old.to === b.old.to && a.text === b.text;

/** The user's decision about the whole file. `Pending` while hunks are open. */
export const decisionOf = ({ before, after, base, wanted }: Proposal): ChangeDecision => {
  if (base !== wanted) return "Pending";
  if (wanted === after) return "Accepted";
  return wanted === before ? "Discarded" : "Edited";
};
