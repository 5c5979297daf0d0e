import {
  DailyMetrics,
  type Metrics,
  type MetricField,
  type MetricGroup,
  type MetricRow,
  noAcceptance,
  noForecastSums,
} from "../../schemas/metrics.ts";
import { MICROCENTS_PER_DOLLAR } from "../../schemas/money.ts";
import type { TeamRun } from "../../schemas/run.ts";
import type { Store } from "../store/store.ts";
import { plus, quantile } from "./durations.ts";
import { addForecastSums, forecastQuality } from "./forecasts.ts";
import { addGroups } from "./groups.ts";
import { addInstanceSeconds } from "./instance-time.ts";
import { wholeMetrics } from "./record.ts";

export interface MetricsSources {
  store: Store;
  /** Executions that wait for an instance. */
  queued: () => number;
}

const empty: Omit<MetricRow, "key" | "instance_seconds" | "instance_cost" | "utilization"> = {
  executions: 0,
  outcomes: { completed: 0, failed: 0, cancelled: 0, timed_out: 0 },
  success_rate: null,
  run_seconds: { count: 0, mean: null, median: null, p95: null },
  wait_seconds: { count: 0, mean: null, median: null, p95: null },
  tokens: { input: 0, cache_read: 0, cache_write: 0, output: 0, reasoning: 0 },
  cache_share: null,
  api_calls: 0,
  tool_calls: 0,
  cost: 0,
  unpriced: 0,
  gates: {},
  acceptance: noAcceptance,
};

const spread = (durations: MetricGroup["run"]): MetricRow["run_seconds"] => ({
  count: durations.count,
  mean: durations.count === 0 ? null : durations.sum_seconds / durations.count,
  median: quantile(durations, 0.5),
  p95: quantile(durations, 0.95),
});

/** The time that instances spent in each state during a span, and its cost. */
type InstanceSums = Pick<DailyMetrics, "instance_seconds" | "instance_cost_microcents">;

const noInstances: InstanceSums = { instance_seconds: {}, instance_cost_microcents: 0 };

const addInstances = (one: InstanceSums, other: InstanceSums): InstanceSums => ({
  instance_seconds: addInstanceSeconds(one.instance_seconds, other.instance_seconds),
  instance_cost_microcents: plus(one.instance_cost_microcents, other.instance_cost_microcents),
});

const instancesOf = ({ instance_seconds: seconds, instance_cost_microcents: cost }: InstanceSums) => {
  const all = Object.values(seconds).reduce((sum, each) => sum + each, 0);
  const utilization = all === 0 ? null : (seconds.Working ?? 0) / all;
  return { instance_seconds: seconds, utilization, instance_cost: cost / MICROCENTS_PER_DOLLAR };
};

const rowOf = (
  key: string,
  groups: readonly MetricGroup[],
  instanceSums: InstanceSums = noInstances,
): MetricRow => {
  const [first, ...others] = groups;
  const instances = instancesOf(instanceSums);
  if (first === undefined) return { key, ...empty, ...instances };
  const { outcomes, run, wait, tokens, api_calls, tool_calls, ...sums } = others.reduce(addGroups, first);
  const { completed, failed, cancelled, timed_out } = outcomes;
  const decided = completed + failed + timed_out;
  const prompt = tokens.input + tokens.cache_read + tokens.cache_write;
  return {
    key,
    executions: plus(decided, cancelled),
    outcomes,
    success_rate: decided === 0 ? null : completed / decided,
    run_seconds: spread(run),
    wait_seconds: spread(wait),
    tokens,
    cache_share: prompt === 0 ? null : tokens.cache_read / prompt,
    api_calls,
    tool_calls,
    cost: sums.cost_microcents / MICROCENTS_PER_DOLLAR,
    unpriced: sums.unpriced,
    gates: sums.gates,
    acceptance: sums.acceptance,
    ...instances,
  };
};

/** Runs that are looked at one by one; as many as are kept, unless the setting says more. */
const MOST_RUNS = 1000;

/**
 * The runs of a period among the newest ones. The limit keeps the time constant as the number of runs grows.
 */
export const recentRuns = (store: Store, { since, until }: Span): TeamRun[] =>
  store.page("runs", {}, { limit: MOST_RUNS, cursor: null }).items.filter(({ created_at }) => {
    const day = created_at.slice(0, 10);
    return day >= since && day <= until;
  });

/** How many active instances are in each state. */
export const instanceStates = (store: Store): Record<string, number> => {
  const states: Record<string, number> = {};
  for (const { state } of store.all("instances", { active: true })) states[state] = (states[state] ?? 0) + 1;
  return states;
};

/** From `since` to `until`, both days (UTC) included. */
export interface Span {
  since: string;
  until: string;
}

/** Daily sums of a span. */
export interface SpanSums extends Span {
  days: readonly DailyMetrics[];
  /** Days whose record is damaged. */
  damaged: number;
}

const isDay = (day: unknown): boolean => DailyMetrics.shape.day.safeParse(day).success;

export const readSpan = ({ since, until }: Span, store: Store): SpanSums => {
  const sums = store
    .all("dailyMetrics")
    // A damaged record may have no day: it counts in every span.
    .filter(({ day }) => !isDay(day) || (day >= since && day <= until))
    .map((stored) => wholeMetrics(store.tenantId, stored.day, stored));
  const days = sums.filter((day) => day !== null);
  return { since, until, days, damaged: sums.length - days.length };
};

/** Of each value of the field: its groups. */
const groupsBy = (by: Exclude<MetricField, "day">, days: readonly DailyMetrics[]): MetricRow[] => {
  const groups = days.flatMap((day) => day.groups);
  return [...Map.groupBy(groups, (group) => group[by])].map(([key, found]) => rowOf(key, found));
};

/** The sums of all days together, and by the values of a field. */
export const rowsBy = (by: MetricField, { days }: SpanSums): Pick<Metrics, "total" | "rows"> => {
  const rows = by === "day" ? days.map((sums) => rowOf(sums.day, sums.groups, sums)) : groupsBy(by, days);
  const all = days.flatMap(({ groups }) => groups);
  const instances = days.reduce<InstanceSums>(addInstances, noInstances);
  return {
    total: rowOf("", all, instances),
    rows: rows.sort((one, other) => one.key.localeCompare(other.key)),
  };
};

/** What happened in a span, and how things are now. */
export const readMetrics = (by: MetricField, sums: SpanSums, sources: MetricsSources): Metrics => {
  const { store } = sources;
  const { total, rows } = rowsBy(by, sums);
  const forecasts = sums.days.map((day) => day.forecasts).reduce(addForecastSums, noForecastSums);
  return {
    since: sums.since,
    until: sums.until,
    by,
    total,
    rows,
    damaged_days: sums.damaged,
    acceptance: total.acceptance,
    forecasts: forecastQuality(forecasts),
    instances: instanceStates(store),
    queued: sources.queued(),
    alerts: store.all("alerts", { open: true }),
  };
};
