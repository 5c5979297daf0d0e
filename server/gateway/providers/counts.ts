import { z } from "zod";

/** No answer has as many tokens: such a count is wrong. */
const MOST_TOKENS = 1e9;

/**
 * A count as services give it, rounded, because some average over their cache; null if it is missing,
 * not a number, negative or implausibly large.
 */
const countOf = (given: unknown): number | null => {
  const number = typeof given === "string" && given.trim() !== "" ? Number(given) : given;
  if (typeof number !== "number" || !Number.isFinite(number)) return null;
  return number < 0 || number > MOST_TOKENS ? null : Math.round(number);
};

/** A count in a service's message; an implausible one is ignored. */
export const TokenCount = z.unknown().optional().transform(countOf);

/** The same; a missing count is zero. */
export const Tokens = z
  .unknown()
  .optional()
  .transform((given) => countOf(given) ?? 0);
