import { z } from "zod";

/** No answer has as many tokens: a service that says so does not count. */
const MOST_TOKENS = 1e9;

/**
 * A count as services give it: rounded, since some average over their cache; null where it is left
 * out, no number, negative or beyond belief.
 */
const countOf = (given: unknown): number | null => {
  const number = typeof given === "string" && given.trim() !== "" ? Number(given) : given;
  if (typeof number !== "number" || !Number.isFinite(number)) return null;
  return number < 0 || number > MOST_TOKENS ? null : Math.round(number);
};

/** A count in what a service says; one that cannot be believed counts as not said. */
export const TokenCount = z.unknown().optional().transform(countOf);

/** The same, where what is not said is nothing. */
export const Tokens = z
  .unknown()
  .optional()
  .transform((given) => countOf(given) ?? 0);
