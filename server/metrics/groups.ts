import type { AgentExecution } from "../../schemas/execution.ts";
import { type Acceptance, type DailyMetrics, type MetricGroup, noAcceptance } from "../../schemas/metrics.ts";
import { MICROCENTS_PER_DOLLAR } from "../../schemas/money.ts";
import { addDurations, noDurations, oneDuration, plus } from "./durations.ts";

const secondsBetween = (from: string | null, to: string | null) =>
  from === null || to === null ? noDurations() : oneDuration((Date.parse(to) - Date.parse(from)) / 1000);

const gatesOf = ({ metadata }: AgentExecution): MetricGroup["gates"] => {
  const gates: MetricGroup["gates"] = {};
  for (const { gate, held } of metadata.gates) {
    const known = gates[gate] ?? { held: 0, failed: 0 };
    gates[gate] = { held: known.held + (held ? 1 : 0), failed: known.failed + (held ? 0 : 1) };
  }
  return gates;
};

/** Codes of errors that a provider is to blame for. */
const isProviderError = (code: string | undefined): boolean =>
  code !== undefined && /^(provider_|credential_|model_not_found)/.test(code);

/** The group that an execution belongs to, with all counts at zero. */
export const noSums = ({ metadata }: Pick<AgentExecution, "metadata">, workflow: string): MetricGroup => {
  const { agent_type, provider, model } = metadata;
  return {
    agent_type,
    workflow,
    provider,
    model,
    outcomes: { completed: 0, failed: 0, cancelled: 0, timed_out: 0 },
    run: noDurations(),
    wait: noDurations(),
    tokens: { input: 0, cache_read: 0, cache_write: 0, output: 0, reasoning: 0 },
    api_calls: 0,
    tool_calls: 0,
    cost_microcents: 0,
    unpriced: 0,
    gates: {},
    provider_errors: 0,
    acceptance: noAcceptance,
  };
};

/** One ended execution as a group of its own. */
export const groupOf = (execution: AgentExecution, workflow: string): MetricGroup => {
  const { status, resource_usage: usage, created_at, started_at, completed_at } = execution;
  return {
    ...noSums(execution, workflow),
    outcomes: {
      completed: status === "Completed" ? 1 : 0,
      failed: status === "Failed" ? 1 : 0,
      cancelled: status === "Cancelled" ? 1 : 0,
      timed_out: status === "TimedOut" ? 1 : 0,
    },
    run: secondsBetween(started_at, completed_at),
    wait: secondsBetween(created_at, started_at),
    tokens: {
      input: usage.input_tokens,
      cache_read: usage.cache_read_tokens,
      cache_write: usage.cache_write_tokens,
      output: usage.output_tokens,
      reasoning: usage.reasoning_tokens,
    },
    api_calls: usage.api_calls,
    tool_calls: usage.tool_calls,
    cost_microcents: Math.round((usage.cost ?? 0) * MICROCENTS_PER_DOLLAR),
    unpriced: usage.cost === null ? 1 : 0,
    gates: gatesOf(execution),
    provider_errors: isProviderError(execution.error?.code) ? 1 : 0,
  };
};

/** Adds the counts of records with the same fields. Negative counts subtract; no sum is below zero. */
const addCounts = <Counts extends Record<string, number>>(one: Counts, other: Counts): Counts => {
  const sums: Record<string, number> = { ...one };
  for (const [name, count] of Object.entries(other)) sums[name] = Math.max(0, plus(sums[name] ?? 0, count));
  // It has the fields of both, which are the same.
  return sums as Counts;
};

const addGates = (one: MetricGroup["gates"], other: MetricGroup["gates"]): MetricGroup["gates"] => {
  const sums = { ...one };
  // The keys of such a record are gates.
  for (const gate of Object.keys(other) as (keyof typeof other)[]) {
    const [known, more] = [sums[gate], other[gate]];
    if (more !== undefined) sums[gate] = known === undefined ? more : addCounts(known, more);
  }
  return sums;
};

export const addAcceptance = (one: Acceptance, other: Acceptance): Acceptance => ({
  changed_files: addCounts(one.changed_files, other.changed_files),
  findings: addCounts(one.findings, other.findings),
});

/** Both together, under what the first one is called. */
export const addGroups = (one: MetricGroup, other: MetricGroup): MetricGroup => ({
  ...one,
  outcomes: addCounts(one.outcomes, other.outcomes),
  run: addDurations(one.run, other.run),
  wait: addDurations(one.wait, other.wait),
  tokens: addCounts(one.tokens, other.tokens),
  api_calls: plus(one.api_calls, other.api_calls),
  tool_calls: plus(one.tool_calls, other.tool_calls),
  cost_microcents: plus(one.cost_microcents, other.cost_microcents),
  unpriced: plus(one.unpriced, other.unpriced),
  gates: addGates(one.gates, other.gates),
  provider_errors: plus(one.provider_errors, other.provider_errors),
  acceptance: addAcceptance(one.acceptance, other.acceptance),
});

const isSame = (one: MetricGroup, other: MetricGroup): boolean =>
  one.agent_type === other.agent_type &&
  one.workflow === other.workflow &&
  one.provider === other.provider &&
  one.model === other.model;

/** Adds a group to the sums of a day. Its counts of decisions can be negative, to subtract earlier ones. */
export const addToDay = (day: DailyMetrics, group: MetricGroup): DailyMetrics => {
  const isKnown = day.groups.some((known) => isSame(known, group));
  return {
    ...day,
    groups: isKnown
      ? day.groups.map((known) => (isSame(known, group) ? addGroups(known, group) : known))
      : [...day.groups, { ...group, acceptance: addAcceptance(noAcceptance, group.acceptance) }],
  };
};
