import type { Estimate, ForecastQuality } from "../../schemas/forecast.ts";
import type { TeamRun } from "../../schemas/run.ts";
import { type EndedRun, endedRun } from "./forecast.ts";

interface Pair {
  estimate: Estimate;
  value: number;
}

const measure = (pairs: readonly Pair[]): ForecastQuality["tokens"] => {
  const factors = pairs
    .filter(({ estimate: { expected }, value }) => expected > 0 && value > 0)
    .map(({ estimate: { expected }, value }) => Math.max(expected / value, value / expected))
    .sort((one, other) => one - other);
  return {
    runs: pairs.length,
    within: pairs.filter(({ estimate: { low, high }, value }) => value >= low && value <= high).length,
    median_factor: factors[Math.floor((factors.length - 1) / 2)] ?? null,
  };
};

/** How good the forecasts of these runs were. */
export const forecastQuality = (runs: readonly TeamRun[]): ForecastQuality => {
  const ended = runs.flatMap((run) => endedRun(run) ?? []);
  const pairs = (of: (run: EndedRun) => { estimate: Estimate | null; value: number | null } | null): Pair[] =>
    ended.flatMap((run) => {
      const { estimate = null, value = null } = of(run) ?? {};
      return estimate === null || value === null ? [] : [{ estimate, value }];
    });
  return {
    tokens: measure(
      pairs(({ forecast, tokens }) => forecast && { estimate: forecast.tokens, value: tokens }),
    ),
    cost: measure(pairs(({ forecast, cost }) => forecast && { estimate: forecast.cost, value: cost })),
    seconds: measure(
      pairs(({ forecast, seconds }) => forecast && { estimate: forecast.seconds, value: seconds }),
    ),
  };
};
