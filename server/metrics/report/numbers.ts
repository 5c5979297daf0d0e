import type { Metrics } from "../../../schemas/metrics.ts";
import { costOf, count, dollars, html, percent, seconds, shareText, tokensOf } from "./text.ts";

export const numbers = ({ total, acceptance, queued, instances }: Metrics): string => {
  const { accepted, discarded } = acceptance.changed_files;
  const { fixed, dismissed } = acceptance.findings;
  const active = Object.values(instances).reduce((sum, each) => sum + each, 0);
  const busy = active === 0 ? null : (instances.Working ?? 0) / active;
  const facts: [string, string][] = [
    ["Executions", count(total.executions)],
    ["Succeeded", percent(total.success_rate)],
    ["Cost", costOf(total)],
    ["Tokens", count(tokensOf(total))],
    ["Cached tokens", percent(total.cache_share)],
    ["Median duration", seconds(total.run_seconds.median)],
    ["P95 duration", seconds(total.run_seconds.p95)],
    ["P95 queue wait", seconds(total.wait_seconds.p95)],
    ["Files accepted", shareText(accepted, discarded)],
    ["Findings fixed", shareText(fixed, dismissed)],
    ["Instance utilization", percent(total.utilization)],
    ...(total.instance_cost === 0
      ? []
      : [["Instances, estimated cost", dollars(total.instance_cost)] satisfies [string, string]]),
    ["Instances now", busy === null ? "0" : `${active}, ${percent(busy)} busy`],
    ["Queued now", count(queued)],
  ];
  return `<dl>${facts.map(([name, value]) => `<div><dt>${html(name)}</dt><dd>${html(value)}</dd></div>`).join("")}</dl>`;
};

export const damageNote = ({ damaged_days: days }: Metrics): string =>
  days === 0
    ? ""
    : `<p><strong>${days === 1 ? "1 day is" : `${days} days are`} left out</strong> because the stored sums are damaged. Run coditect doctor.</p>`;

export const alertList = ({ alerts }: Metrics): string =>
  alerts.length === 0
    ? "<p>No alerts.</p>"
    : `<ul aria-label="Alerts">${alerts
        .toSorted((one, other) => one.severity.localeCompare(other.severity))
        .map(
          ({ severity, message }) =>
            `<li class="${severity}"><strong>${severity === "critical" ? "Critical" : "Warning"}:</strong> ${html(message)}</li>`,
        )
        .join("")}</ul>`;
