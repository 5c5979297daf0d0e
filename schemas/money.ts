/** Costs are counted in millionths of a cent, so that sums stay exact. */
export const MICROCENTS_PER_DOLLAR = 100_000_000;
