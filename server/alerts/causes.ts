import type { AlertCause } from "../../schemas/alerts.ts";
import type { Limits } from "../../schemas/agent.ts";
import type { AgentExecution } from "../../schemas/execution.ts";
import type { MetricGroup } from "../../schemas/metrics.ts";
import { MICROCENTS_PER_DOLLAR } from "../../schemas/money.ts";
import type { DailyUsage } from "../../schemas/run.ts";
import type { Settings } from "../../schemas/settings.ts";
import type { UsageLedger } from "../gateway/gateway.ts";
import { strictest } from "../gateway/limits.ts";
import type { Pool } from "../instances/pool.ts";
import { wholeMetrics } from "../metrics/record.ts";
import type { Store } from "../store/store.ts";

/** Where causes of alerts are looked for. */
export interface CauseSources {
  store: Store;
  ledger: Pick<UsageLedger, "used"> & { on: (day: string) => DailyUsage };
  pool: Pick<Pool, "loads">;
  settings: Pick<Settings, "alerts" | "limits">;
}

/** Failed instances that are looked at: more of one day change nothing. */
const MOST_INSTANCES = 100;

const percent = (share: number): string => `${Math.round(share * 100)} %`;

const failureRate = (groups: readonly MetricGroup[], { alerts }: CauseSources["settings"]): AlertCause[] => {
  let [failed, decided] = [0, 0];
  for (const { outcomes } of groups) {
    failed += outcomes.failed + outcomes.timed_out;
    decided += outcomes.failed + outcomes.timed_out + outcomes.completed;
  }
  const { failure_rate: most, failure_executions: least } = alerts;
  if (most === null || failed === 0 || decided < least || failed / decided < most) return [];
  const message = `${failed} of ${decided} executions failed today.`;
  return [{ alert: "high_failure_rate", severity: "warning", subject: "executions", message }];
};

const providerErrors = (
  groups: readonly MetricGroup[],
  { alerts }: CauseSources["settings"],
): AlertCause[] => {
  const counts = new Map<string, number>();
  for (const { provider, provider_errors } of groups)
    counts.set(provider, (counts.get(provider) ?? 0) + provider_errors);
  return [...counts]
    .filter(([, count]) => alerts.provider_errors !== null && count >= alerts.provider_errors)
    .map(([provider, count]) => ({
      alert: "provider_errors",
      severity: "warning",
      subject: provider,
      message: `${count} executions failed today because of ${provider}.`,
    }));
};

const instanceHealth = (day: string, { store, settings }: CauseSources): AlertCause[] => {
  const { instance_failures: least } = settings.alerts;
  if (least === null) return [];
  const unhealthy = store.all("instances", { active: true }).filter(({ health }) => !health.is_healthy);
  const { items } = store.page("instances", { state: "Failed" }, { limit: MOST_INSTANCES, cursor: null });
  const failed = items.filter(({ updated_at }) => updated_at.startsWith(day));
  if (unhealthy.length === 0 && failed.length < least) return [];
  const [first = failed[0]] = unhealthy;
  const parts = [
    ...(unhealthy.length > 0 ? [`${unhealthy.length} not healthy now`] : []),
    ...(failed.length > 0 ? [`${failed.length} failed today`] : []),
  ];
  const reason = first?.health.error_message ?? "no answer to a health check";
  const message = `Instances: ${parts.join(", ")}. For example: ${reason}.`;
  return [{ alert: "instance_health", severity: "warning", subject: "instances", message }];
};

const costThreshold = (day: string, { ledger, settings }: CauseSources): AlertCause[] => {
  const threshold = settings.alerts.cost_per_day ?? settings.limits.cost_per_day;
  const { cost_microcents } = ledger.used({ day, agent_id: null });
  const dollars = cost_microcents / MICROCENTS_PER_DOLLAR;
  if (threshold === null || dollars < threshold || dollars === 0) return [];
  const message = `Agents have cost $${dollars.toFixed(2)} today; the threshold is $${threshold.toFixed(2)}.`;
  // Agents continue below the limit of the day.
  const limit = settings.limits.cost_per_day;
  const severity = limit !== null && dollars >= limit ? "critical" : "warning";
  return [{ alert: "cost_threshold", severity, subject: "cost_per_day", message }];
};

/** One cap, and what is used of it. */
interface Cap {
  subject: string;
  /** `Tokens of the day`. */
  what: string;
  used: number;
  limit: number | null;
  text: (value: number) => string;
}

const tokens = (value: number): string => value.toLocaleString("en-US");
const dollars = (value: number): string => `$${value.toFixed(2)}`;
const megabytes = (value: number): string => `${Math.round(value)} MB`;

const capsOn = (
  span: "execution" | "run" | "day",
  whose: string,
  subject: string,
  limits: Limits,
  used: { tokens: number; cost_microcents: number },
): Cap[] => [
  {
    subject: `tokens_per_${span}${subject}`,
    what: `Tokens of ${whose}`,
    used: used.tokens,
    limit: limits[`tokens_per_${span}`],
    text: tokens,
  },
  {
    subject: `cost_per_${span}${subject}`,
    what: `Cost of ${whose}`,
    used: used.cost_microcents / MICROCENTS_PER_DOLLAR,
    limit: limits[`cost_per_${span}`],
    text: dollars,
  },
];

const atWork: readonly AgentExecution["status"][] = ["Starting", "Running"];

/** Every cap on what is running now. */
const capsNow = (day: string, { store, ledger, pool, settings }: CauseSources): Cap[] => [
  ...capsOn("day", "the day", "", settings.limits, ledger.used({ day, agent_id: null })),
  ...store.all("runs", { open: true }).flatMap(({ task_id, options }) => {
    const limits = strictest(settings.limits, options.limits);
    const run = capsOn("run", `run ${task_id.slice(0, 8)}`, `:${task_id}`, limits, {
      ...ledger.used({ task_id, agent_id: null }),
    });
    const executions = store
      .all("executions", { task_id })
      .filter(({ status }) => atWork.includes(status))
      .flatMap(({ execution_id, metadata }) =>
        capsOn("execution", `the ${metadata.agent_type} at work`, `:${execution_id}`, limits, {
          ...ledger.used({ execution_id }),
        }),
      );
    return [...run, ...executions];
  }),
  ...pool.loads().flatMap(({ instance_id, memory, disk }): Cap[] => {
    const whose = `instance ${instance_id.slice(0, 8)}`;
    return [
      { ...memory, subject: `memory:${instance_id}`, what: `Memory of ${whose}`, text: megabytes },
      {
        ...{ subject: `disk:${instance_id}`, what: `Disk space of ${whose}`, text: megabytes },
        ...{ used: disk.used ?? 0, limit: disk.limit },
      },
    ];
  }),
];

const resourceLimits = (day: string, sources: CauseSources): AlertCause[] => {
  const share = sources.settings.alerts.limit_share;
  if (share === null) return [];
  return capsNow(day, sources).flatMap(({ subject, what, used, limit, text }): AlertCause[] => {
    // A cap of nothing is a ban, not something that is used up.
    if (limit === null || limit === 0 || used === 0 || used < limit * share) return [];
    const message = `${what}: ${percent(used / limit)} of the limit used, ${text(used)} of ${text(limit)}.`;
    return [{ alert: "resource_limit", severity: "warning", subject, message }];
  });
};

/** What a person should look at, on that day (UTC). */
export const causesOf = (day: string, sources: CauseSources): AlertCause[] => {
  const { store, settings } = sources;
  const groups = wholeMetrics(store.tenantId, day, store.get("dailyMetrics", day))?.groups ?? [];
  return [
    ...costThreshold(day, sources),
    ...failureRate(groups, settings),
    ...providerErrors(groups, settings),
    ...instanceHealth(day, sources),
    ...resourceLimits(day, sources),
  ];
};
