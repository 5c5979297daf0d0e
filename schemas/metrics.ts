import { z } from "zod";
import { AgentType } from "./agent.ts";
import { Alert } from "./alerts.ts";
import { ForecastQuality } from "./forecast.ts";
import { GateName } from "./gates.ts";
import { ActiveState } from "./instance.ts";
import { Count, Ratio, Uuid } from "./primitives.ts";

/**
 * How long things took, so that percentiles can be told without the single values. A bucket's name is
 * its number `n`: it counts values up to 1.1 ^ n seconds, and above 1.1 ^ (n - 1).
 */
export const Durations = z.strictObject({
  count: Count,
  sum_seconds: z.number().nonnegative(),
  buckets: z.record(z.string().regex(/^-?\d+$/), Count),
});
export type Durations = z.infer<typeof Durations>;

const Outcomes = z.strictObject({
  completed: Count,
  failed: Count,
  cancelled: Count,
  timed_out: Count,
});

const Tokens = z.strictObject({
  input: Count,
  cache_read: Count,
  cache_write: Count,
  output: Count,
  /** Part of the output. */
  reasoning: Count,
});

/** What users decided about changed files and findings. */
export const Acceptance = z.strictObject({
  /** Files of the change sets of runs. A stage's own change set holds the same files, and does not count. */
  changed_files: z.strictObject({ accepted: Count, discarded: Count, pending: Count }),
  findings: z.strictObject({
    open: Count,
    dismissed: Count,
    fixed: Count,
    outdated: Count,
    confirmed: Count,
  }),
});
export type Acceptance = z.infer<typeof Acceptance>;

export const noAcceptance: Acceptance = {
  changed_files: { accepted: 0, discarded: 0, pending: 0 },
  findings: { open: 0, dismissed: 0, fixed: 0, outdated: 0, confirmed: 0 },
};

/** How the forecasts of runs compare with what the runs took, for tokens, cost or time. */
const ForecastSum = z.strictObject({
  runs: Count,
  /** Runs whose value was in the forecast's range. */
  within: Count,
  /** The factors by which the forecasts were wrong, in the same buckets as {@link Durations}. */
  factors: Durations.shape.buckets,
});
export type ForecastSum = z.infer<typeof ForecastSum>;

const ForecastSums = z.strictObject({ tokens: ForecastSum, cost: ForecastSum, seconds: ForecastSum });
export type ForecastSums = z.infer<typeof ForecastSums>;

export const noForecastSums: ForecastSums = {
  tokens: { runs: 0, within: 0, factors: {} },
  cost: { runs: 0, within: 0, factors: {} },
  seconds: { runs: 0, within: 0, factors: {} },
};

/** Sums of ended executions that have all of these in common. */
export const MetricGroup = z.strictObject({
  agent_type: AgentType,
  /** The workflow of the task; what the documents call its category. */
  workflow: z.string(),
  provider: z.string(),
  model: z.string(),
  outcomes: Outcomes,
  /** From start to end. */
  run: Durations,
  /** From creation to start: the wait for an instance. */
  wait: Durations,
  tokens: Tokens,
  api_calls: Count,
  tool_calls: Count,
  /** Millionths of a cent, of executions whose price is known. */
  cost_microcents: Count,
  /** Executions whose price is unknown. */
  unpriced: Count,
  gates: z.partialRecord(GateName, z.strictObject({ held: Count, failed: Count })),
  /** Executions that failed because of their provider. */
  provider_errors: Count.default(0),
  /** Files that these executions wrote, and findings that they reported, as the user has decided by now. */
  acceptance: Acceptance.default(noAcceptance),
});
export type MetricGroup = z.infer<typeof MetricGroup>;

/** Seconds that instances spent in each state. */
export const InstanceSeconds = z.partialRecord(ActiveState, z.number().nonnegative());
export type InstanceSeconds = z.infer<typeof InstanceSeconds>;

/**
 * Sums of one day (UTC): of the executions that ended, the runs that began and the findings that were
 * reported on it. They are kept when the records are gone.
 */
export const DailyMetrics = z.strictObject({
  tenant_id: Uuid,
  /** `2026-01-31`. */
  day: z.iso.date(),
  groups: z.array(MetricGroup),
  instance_seconds: InstanceSeconds.default({}),
  /** Millionths of a cent: the estimated cost of instances that a cloud bills for their time. */
  instance_cost_microcents: Count.default(0),
  forecasts: ForecastSums.default(noForecastSums),
});
export type DailyMetrics = z.infer<typeof DailyMetrics>;

export const MetricField = z.enum(["day", "agent_type", "workflow", "provider", "model"]);
export type MetricField = z.infer<typeof MetricField>;

const Spread = z.strictObject({
  count: Count,
  mean: z.number().nullable(),
  median: z.number().nullable(),
  p95: z.number().nullable(),
});

/** Metrics of a span of time, of one value of the field they are split by. */
export const MetricRow = z.strictObject({
  /** The value, such as `Coder`; empty: all of them. */
  key: z.string(),
  executions: Count,
  outcomes: Outcomes,
  /** Completed among those that were not cancelled; `null`: there were none. */
  success_rate: Ratio.nullable(),
  run_seconds: Spread,
  wait_seconds: Spread,
  tokens: Tokens,
  /** Share of the prompt's tokens that came from the provider's cache. */
  cache_share: Ratio.nullable(),
  api_calls: Count,
  tool_calls: Count,
  /** Dollars, of executions whose price is known. */
  cost: z.number().nonnegative(),
  unpriced: Count,
  gates: MetricGroup.shape.gates,
  acceptance: Acceptance,
  /** Only in the total and in days: an instance serves several agents, so other rows do not have it. */
  instance_seconds: InstanceSeconds,
  /** Dollars, estimated, of instances that a cloud bills for their time; not part of `cost`. */
  instance_cost: z.number().nonnegative(),
  /** Share of their time that instances spent working; `null` if there was no instance. */
  utilization: Ratio.nullable(),
});
export type MetricRow = z.infer<typeof MetricRow>;

/**
 * `metrics/get`. Changed files and forecasts are those of the runs that began in the span, findings those
 * that were reported in it. `instances` and `queued` are the current values.
 */
export const Metrics = z.strictObject({
  since: z.iso.date(),
  until: z.iso.date(),
  by: MetricField,
  total: MetricRow,
  rows: z.array(MetricRow),
  /** Days of the span that are left out because what is stored of them is damaged. */
  damaged_days: Count,
  acceptance: Acceptance,
  /** How good the forecasts of these runs were. */
  forecasts: ForecastQuality,
  instances: z.record(z.string(), Count),
  /** Executions that wait for an instance now. */
  queued: Count,
  /** Those whose cause persists. */
  alerts: z.array(Alert),
});
export type Metrics = z.infer<typeof Metrics>;
