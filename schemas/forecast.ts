import { z } from "zod";
import { Count } from "./primitives.ts";

/** A guess: the value in the middle, and the span that holds four of five runs. */
export const Estimate = z.strictObject({
  expected: z.number().nonnegative(),
  low: z.number().nonnegative(),
  high: z.number().nonnegative(),
});
export type Estimate = z.infer<typeof Estimate>;

/** What a run is expected to take, from earlier runs of the workspace. */
export const Forecast = z.strictObject({
  /** Tokens of the task and its file, by estimate: a longer prompt is sent again with every turn. */
  prompt_tokens: Count,
  /** Earlier runs it is drawn from; 0: from the team's stages alone, with a wide span. */
  runs: Count,
  tokens: Estimate,
  /** Dollars; `null`: the price is unknown. */
  cost: Estimate.nullable(),
  seconds: Estimate,
});
export type Forecast = z.infer<typeof Forecast>;

const Measured = z.strictObject({
  /** Runs whose value is known. */
  runs: Count,
  /** How many of them were in the span. */
  within: Count,
  /** Half of them were off by less than this factor, up or down; `null`: there were none. */
  median_factor: z.number().nullable(),
});

/** What came of forecasts: ended runs that had one. */
export const ForecastQuality = z.strictObject({ tokens: Measured, cost: Measured, seconds: Measured });
export type ForecastQuality = z.infer<typeof ForecastQuality>;
