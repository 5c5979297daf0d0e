import type { Metrics } from "../../../schemas/metrics.ts";
import { chart, daysOf, type ChartOptions } from "./chart.ts";
import { count, costOf, failedOf, percent, seconds, short } from "./text.ts";

const all: readonly ChartOptions[] = [
  {
    title: "Executions per day",
    as: "bars",
    series: [
      { color: "good", name: "completed", of: ({ outcomes }) => outcomes.completed },
      { color: "bad", name: "failed", of: failedOf },
      { color: "other", name: "cancelled", of: ({ outcomes }) => outcomes.cancelled },
    ],
    tick: (value) => (Number.isInteger(value) ? short(value) : ""),
    titleOf: (row) =>
      `${row.key}: ${row.outcomes.completed} completed, ${failedOf(row)} failed, ${row.outcomes.cancelled} cancelled of ${row.executions}`,
  },
  {
    title: "Success rate",
    as: "lines",
    series: [{ color: "good", name: "succeeded", of: ({ success_rate: rate }) => rate }],
    tick: percent,
    titleOf: ({ key, success_rate: rate }) => `${key}: ${percent(rate)} succeeded`,
    most: 1,
  },
  {
    title: "Cost per day",
    as: "bars",
    series: [{ color: "first", name: "cost", of: ({ cost }) => cost }],
    tick: (value, last) => `$${value.toFixed(last < 0.1 ? 4 : 2)}`,
    titleOf: (row) => `${row.key}: ${costOf(row)}`,
  },
  {
    title: "Tokens per day",
    as: "bars",
    series: [
      { color: "other", name: "read from the cache", of: ({ tokens }) => tokens.cache_read },
      { color: "second", name: "written to the cache", of: ({ tokens }) => tokens.cache_write },
      { color: "first", name: "input", of: ({ tokens }) => tokens.input },
      { color: "third", name: "output", of: ({ tokens }) => tokens.output },
    ],
    tick: short,
    titleOf: ({ key, tokens, cache_share: share }) =>
      `${key}: ${count(tokens.input)} input, ${count(tokens.cache_read)} read from the cache, ${count(tokens.cache_write)} written to the cache, ${count(tokens.output)} output, ${percent(share)} cached`,
  },
  {
    title: "Duration of executions",
    as: "lines",
    series: [
      { color: "first", name: "median", of: ({ run_seconds: { median } }) => median },
      { color: "third", name: "95th percentile", of: ({ run_seconds: { p95 } }) => p95 },
    ],
    tick: seconds,
    titleOf: ({ key, run_seconds: { median, p95 } }) =>
      `${key}: median ${seconds(median)}, 95th percentile ${seconds(p95)}`,
  },
  {
    title: "Instance utilization",
    as: "bars",
    series: [{ color: "first", name: "busy", of: ({ utilization }) => utilization }],
    tick: percent,
    titleOf: ({ key, utilization }) => `${key}: ${percent(utilization)}`,
    most: 1,
  },
];

/** The charts of a report by day. A chart without any value is left out. */
export const chartsOf = ({ rows, since, until }: Metrics): string => {
  const days = daysOf(since, until);
  return `<div class="charts">${all.map((options) => chart(days, rows, options)).join("")}</div>`;
};
