import type { Estimate, ForecastQuality } from "../../schemas/forecast.ts";
import { noForecastSums, type ForecastSum, type ForecastSums } from "../../schemas/metrics.ts";
import type { TeamRun } from "../../schemas/run.ts";
import { endedRun } from "../forecast/forecast.ts";
import { oneDuration, plus, quantile } from "./durations.ts";

const compare = (estimate: Estimate | null | undefined, value: number | null): ForecastSum => {
  if (estimate == null || value === null) return noForecastSums.tokens;
  const { expected, low, high } = estimate;
  const factor = expected > 0 && value > 0 ? Math.max(expected / value, value / expected) : null;
  return {
    runs: 1,
    within: value >= low && value <= high ? 1 : 0,
    factors: factor === null ? {} : oneDuration(factor).buckets,
  };
};

/** What one run adds to the sums. Nothing if it has no forecast or has not ended by itself. */
export const forecastSumsOf = (run: TeamRun): ForecastSums => {
  const ended = endedRun(run);
  if (ended === null) return noForecastSums;
  const { forecast, tokens, cost, seconds } = ended;
  return {
    tokens: compare(forecast?.tokens, tokens),
    cost: compare(forecast?.cost, cost),
    seconds: compare(forecast?.seconds, seconds),
  };
};

const combine = (one: ForecastSum, other: ForecastSum, sign: 1 | -1): ForecastSum => {
  const sum = (first = 0, second = 0) => Math.max(0, plus(first, sign * second));
  const factors = { ...one.factors };
  for (const [bucket, count] of Object.entries(other.factors)) factors[bucket] = sum(factors[bucket], count);
  return { runs: sum(one.runs, other.runs), within: sum(one.within, other.within), factors };
};

const combineAll = (one: ForecastSums, other: ForecastSums, sign: 1 | -1): ForecastSums => ({
  tokens: combine(one.tokens, other.tokens, sign),
  cost: combine(one.cost, other.cost, sign),
  seconds: combine(one.seconds, other.seconds, sign),
});

export const addForecastSums = (one: ForecastSums, other: ForecastSums): ForecastSums =>
  combineAll(one, other, 1);

/** Subtracts sums. The result is never below zero, even if `one` does not contain `other`. */
export const removeForecastSums = (one: ForecastSums, other: ForecastSums): ForecastSums =>
  combineAll(one, other, -1);

const qualityOf = ({ runs, within, factors }: ForecastSum): ForecastQuality["tokens"] => {
  const count = Object.values(factors).reduce((sum, each) => sum + each, 0);
  const median = quantile({ count, sum_seconds: 0, buckets: factors }, 0.5);
  // The middle of the first bucket is below 1, which no factor is.
  return { runs, within, median_factor: median === null ? null : Math.max(1, median) };
};

/** How accurate the forecasts of a span were. */
export const forecastQuality = ({ tokens, cost, seconds }: ForecastSums): ForecastQuality => ({
  tokens: qualityOf(tokens),
  cost: qualityOf(cost),
  seconds: qualityOf(seconds),
});
