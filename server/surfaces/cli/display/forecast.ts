import type { Estimate, Forecast } from "../../../../schemas/forecast.ts";
import { durationText } from "../../../../schemas/duration.ts";
import { formatCost, formatCount, plural } from "./format.ts";

const span = ({ expected, low, high }: Estimate, format: (value: number) => string): string =>
  high === 0 ? format(0) : `${format(expected)} (${format(low)} to ${format(high)})`;

/** The forecast for a run, in one line. */
export const forecastLine = ({ runs, tokens, cost, seconds }: Forecast): string => {
  const parts = [
    cost === null ? "cost unknown" : span(cost, formatCost),
    `${span(tokens, (value) => formatCount(Math.round(value)))} tokens`,
    span(seconds, (value) => durationText(value * 1000)),
  ];
  const from = runs === 0 ? "no similar runs yet" : `from ${plural(runs, "run")}`;
  return `Expected: ${parts.join(", ")}; ${from}`;
};
