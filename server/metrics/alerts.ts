import type { Alert, MetricGroup } from "../../schemas/metrics.ts";
import { MICROCENTS_PER_DOLLAR } from "../../schemas/money.ts";
import type { Settings } from "../../schemas/settings.ts";
import type { Store } from "../store/store.ts";

/** From these on something is worth an alert; the Prometheus rules say the same. */
export const thresholds = {
  /** Share of a day's executions that failed, once there were enough to tell. */
  failure_rate: 0.3,
  failure_executions: 5,
  /** Share of a cap that is used up. */
  limit_share: 0.8,
  /** Errors of one provider on a day. */
  provider_errors: 5,
} as const;

const failureRate = (groups: readonly MetricGroup[]): Alert[] => {
  let [failed, decided] = [0, 0];
  for (const { outcomes } of groups) {
    failed += outcomes.failed + outcomes.timed_out;
    decided += outcomes.failed + outcomes.timed_out + outcomes.completed;
  }
  if (decided < thresholds.failure_executions || failed / decided < thresholds.failure_rate) return [];
  const message = `${failed} of ${decided} executions failed today.`;
  return [{ alert: "high_failure_rate", severity: "warning", subject: "executions", message }];
};

/** Codes of errors that a provider is to blame for. */
const isProviderError = (code: string | undefined): boolean =>
  code !== undefined && /^(provider_|credential_|rate_limited|model_not_found)/.test(code);

const providerErrors = (store: Store, day: string): Alert[] => {
  const counts = new Map<string, number>();
  for (const { error, metadata, completed_at } of store.all("executions", { status: "Failed" }))
    if (completed_at?.startsWith(day) === true && isProviderError(error?.code))
      counts.set(metadata.provider, (counts.get(metadata.provider) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count >= thresholds.provider_errors)
    .map(([provider, count]) => ({
      alert: "provider_errors",
      severity: "warning",
      subject: provider,
      message: `${count} executions failed today because of ${provider}.`,
    }));
};

const instanceHealth = (store: Store): Alert[] =>
  store
    .all("instances", { active: true })
    .filter(({ health }) => !health.is_healthy)
    .map(({ instance_id, health }) => ({
      alert: "instance_health",
      severity: "warning",
      subject: instance_id,
      message: `Instance ${instance_id.slice(0, 8)} is not healthy: ${health.error_message ?? "it does not answer"}.`,
    }));

const limits = (store: Store, day: string, { limits: caps }: Pick<Settings, "limits">): Alert[] => {
  const usage = store.get("dailyUsage", day);
  if (usage === null || caps.cost_per_day === null) return [];
  const dollars = (usage.cost_microcents + usage.assumed_microcents) / MICROCENTS_PER_DOLLAR;
  const share = caps.cost_per_day === 0 ? 1 : dollars / caps.cost_per_day;
  const used = `$${dollars.toFixed(2)} of the day's $${caps.cost_per_day.toFixed(2)}`;
  if (share >= 1)
    return [
      {
        alert: "cost_threshold",
        severity: "critical",
        subject: "cost_per_day",
        message: `The cost limit of the day is used up: ${used}.`,
      },
    ];
  if (share < thresholds.limit_share) return [];
  const message = `The cost limit of the day is near: ${used}.`;
  return [{ alert: "resource_limit", severity: "warning", subject: "cost_per_day", message }];
};

/** What a person should look at on that day (UTC). */
export const currentAlerts = (
  day: string,
  { store, settings }: { store: Store; settings: Pick<Settings, "limits"> },
): Alert[] => [
  ...failureRate(store.get("dailyMetrics", day)?.groups ?? []),
  ...limits(store, day, settings),
  ...providerErrors(store, day),
  ...instanceHealth(store),
];
