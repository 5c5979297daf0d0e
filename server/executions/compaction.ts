import type { TranscriptEntry } from "../../schemas/transcript.ts";

/** The share of the model's window from which old tool results are shortened. */
const FULL = 0.75;
/** Latest turns that keep their results whole. */
const KEPT_TURNS = 4;
/** Careful estimate for text that no provider has counted yet. */
const CHARACTERS_PER_TOKEN = 3.5;

/**
 * The turn before which tool results should be shortened so that the next request fits the window. Null:
 * there is room, or nothing is left to shorten. Uses the provider's count for the last answer, and
 * estimates the rest.
 */
export const compactBefore = (
  entries: readonly TranscriptEntry[],
  turn: number,
  windowTokens: number,
): number | null => {
  const last = entries.findLastIndex((entry) => entry.type === "answer");
  const answer = entries[last];
  if (answer?.type !== "answer") return null;
  const { usage } = answer;
  const counted = usage.input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h + usage.output;
  const added = entries
    .slice(last + 1)
    .reduce((sum, entry) => sum + (entry.type === "tool" ? entry.outcome.content.length : 0), 0);
  if (counted + added / CHARACTERS_PER_TOKEN < FULL * windowTokens) return null;

  const foldedBefore = entries.reduce(
    (before, entry) => (entry.type === "compacted" ? Math.max(before, entry.before_turn) : before),
    1,
  );
  const before = turn - KEPT_TURNS;
  return before > foldedBefore ? before : null;
};
