import type { Settings } from "../../schemas/settings.ts";

const rule = (name: string, expression: string, severity: string, summary: string): string =>
  [
    `      - alert: ${name}`,
    `        expr: ${expression}`,
    "        for: 1m",
    "        labels:",
    `          severity: ${severity}`,
    "        annotations:",
    `          summary: ${summary}`,
  ].join("\n");

const failed = 'sum(increase(coditect_executions_total{status=~"failed|timed_out"}[1d]))';
const decided = 'sum(increase(coditect_executions_total{status!="cancelled"}[1d]))';
const failedProviders = "sum by (provider) (increase(coditect_provider_errors_total[1d]))";

/** `coditect metrics rules`: the alerts as a rules file of Prometheus, with the settings' thresholds. */
export const prometheusRules = (alerts: Settings["alerts"]): string => {
  const { failure_rate, failure_executions, provider_errors } = alerts;
  const rules = [
    failure_rate === null
      ? null
      : rule(
          "CoditectHighFailureRate",
          `${failed} / ${decided} >= ${failure_rate} and ${decided} >= ${failure_executions}`,
          "warning",
          "Many executions of agents fail.",
        ),
    provider_errors === null
      ? null
      : rule(
          "CoditectProviderErrors",
          `${failedProviders} >= ${provider_errors}`,
          "warning",
          "A model provider fails often.",
        ),
    rule(
      "CoditectResourceLimitNear",
      'coditect_alerts{alert="resource_limit"} > 0',
      "warning",
      "A limit is nearly used up.",
    ),
    rule(
      "CoditectInstanceHealth",
      'coditect_alerts{alert="instance_health"} > 0',
      "warning",
      "Instances of agents are not healthy.",
    ),
    rule(
      "CoditectCostThreshold",
      'coditect_alerts{alert="cost_threshold"} > 0',
      "critical",
      "Agents have reached the cost threshold of the day.",
    ),
  ].filter((text) => text !== null);
  return `${["groups:", "  - name: coditect", "    rules:", ...rules].join("\n")}\n`;
};
