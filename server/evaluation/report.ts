import type { EvaluationReport, Trial } from "../../schemas/evaluation.ts";
import { passAtK, rateOf } from "./statistics.ts";

export type SolveTrial = Extract<Trial, { kind: "solve" }>;
export type ReviewTrial = Extract<Trial, { kind: "review" }>;

const isSolve = (trial: Trial): trial is SolveTrial => trial.kind === "solve";
const isReview = (trial: Trial): trial is ReviewTrial => trial.kind === "review";

/** Trials by task, in the order of their first. */
export const byTask = <One extends Trial>(trials: readonly One[]): Map<string, One[]> =>
  Map.groupBy(trials, ({ task }) => task);

/** Means over tasks for every k that every task has samples for. */
const passAt = (trials: readonly SolveTrial[]): Record<string, number> => {
  const tasks = [...byTask(trials).values()];
  const samples = tasks.length === 0 ? 0 : Math.min(...tasks.map((of) => of.length));
  const mean = (k: number) =>
    tasks.reduce((sum, of) => sum + passAtK(of.length, of.filter(({ solved }) => solved).length, k), 0) /
    tasks.length;
  return Object.fromEntries(
    Array.from({ length: samples }, (_, index) => [String(index + 1), mean(index + 1)]),
  );
};

const sumCost = (trials: readonly Trial[]): number | null =>
  trials.reduce<number | null>((sum, { cost }) => (sum === null || cost === null ? null : sum + cost), 0);

/** What the trials amount to; those without a result count nowhere but in `failed`. */
export const reportOf = (suite: string, model: string, trials: readonly Trial[]): EvaluationReport => {
  const measured = trials.filter(({ error }) => error === null);
  const solve = measured.filter(isSolve);
  const review = measured.filter(isReview);
  const held = solve.filter(({ run_status }) => run_status === "Succeeded");
  const count = <One>(of: readonly One[], passes: (one: One) => boolean) =>
    rateOf(of.filter(passes).length, of.length);
  const falsePositives = review.reduce((sum, { false_positives }) => sum + false_positives, 0);
  return {
    kind: "report",
    suite,
    model,
    solve: {
      tasks: byTask(solve).size,
      solved: count(solve, ({ solved }) => solved),
      first_try: count(solve, ({ first_try }) => first_try),
      gates_held: rateOf(held.length, solve.length),
      wrongly_held: count(held, ({ solved }) => !solved),
      pass_at: passAt(solve),
    },
    review: {
      pairs: byTask(review).size,
      detected: count(review, ({ detected }) => detected),
      false_alarms: count(review, ({ false_positives }) => false_positives > 0),
      false_positives: review.length === 0 ? null : falsePositives / review.length,
    },
    tokens: trials.reduce((sum, { tokens }) => sum + tokens, 0),
    cost: sumCost(trials),
    seconds: trials.reduce((sum, { seconds }) => sum + seconds, 0),
    failed: trials.length - measured.length,
  };
};
