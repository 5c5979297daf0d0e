import type { StageAttempt, StageState } from "./run.ts";

/** The attempts at the last stage of a run that was attempted several times; empty: none was. */
export const lastAttempts = (stages: readonly Pick<StageState, "attempts">[]): readonly StageAttempt[] =>
  stages.flatMap(({ attempts }) => (attempts === undefined ? [] : [attempts])).at(-1) ?? [];

/** The best first; those that are not ranked yet come last. */
export const byRank = (attempts: readonly StageAttempt[]): StageAttempt[] =>
  attempts.toSorted((one, other) => (one.rank ?? Infinity) - (other.rank ?? Infinity));
