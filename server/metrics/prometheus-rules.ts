import { thresholds } from "./alerts.ts";

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

/** `coditect metrics rules`: the alerts as a rules file of Prometheus. */
export const prometheusRules = (): string =>
  `${[
    "groups:",
    "  - name: coditect",
    "    rules:",
    rule(
      "CoditectHighFailureRate",
      `${failed} / ${decided} >= ${thresholds.failure_rate} and ${decided} >= ${thresholds.failure_executions}`,
      "warning",
      "Many executions of agents fail.",
    ),
    rule(
      "CoditectResourceLimitNear",
      'coditect_alerts{alert="resource_limit"} > 0',
      "warning",
      "A limit is nearly used up.",
    ),
    rule(
      "CoditectProviderErrors",
      'coditect_alerts{alert="provider_errors"} > 0',
      "warning",
      "A model provider fails often.",
    ),
    rule(
      "CoditectInstanceHealth",
      'coditect_alerts{alert="instance_health"} > 0',
      "warning",
      "An instance is not healthy.",
    ),
    rule(
      "CoditectCostThreshold",
      'coditect_alerts{alert="cost_threshold"} > 0',
      "critical",
      "The cost limit of the day is used up.",
    ),
  ].join("\n")}\n`;
