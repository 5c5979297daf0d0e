import type { Metrics, MetricField, MetricRow } from "../../../schemas/metrics.ts";
import { chartsOf } from "./charts.ts";
import { alertList, damageNote, numbers } from "./numbers.ts";
import { style } from "./style.ts";
import { gateTable, metricTable, type ReportedRun, runTable, tokenTable } from "./tables.ts";
import { html, inWords } from "./text.ts";

export interface ReportData {
  /** By day; the others are of the same span. */
  days: Metrics;
  by: Record<Exclude<MetricField, "day">, readonly MetricRow[]>;
  /** The most expensive first. */
  runs: readonly ReportedRun[];
  /** URI of the workspace folder, where an editor shows the report and a run can be opened; else null. */
  folder: string | null;
}

/** The dashboard as one page: no script, nothing loaded from elsewhere. */
export const reportPage = (data: ReportData): string => {
  const { days, by, runs, folder } = data;
  const { total } = days;
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>CODITECT Agents: ${html(days.since)} to ${html(days.until)}</title><style>${style}</style></head>
<body><main><h1>Agents, ${html(days.since)} to ${html(days.until)}</h1><p class="legend">Days and times are in UTC.</p>
${alertList(days)}${damageNote(days)}${numbers(days)}
${total.executions === 0 ? "<p>No executions ended in this period.</p>" : ""}
${chartsOf(days)}
${metricTable("By model", "Model", by.model, total.cost)}
${metricTable("By agent", "Agent", by.agent_type.map(inWords), total.cost)}
${metricTable("By workflow", "Workflow", by.workflow, total.cost)}
${metricTable("By provider", "Provider", by.provider, total.cost)}
${total.executions === 0 ? "" : tokenTable(total)}
${gateTable(total)}
${runTable(runs, folder)}
${metricTable("By day", "Day", days.rows, total.cost)}
</main></body></html>
`;
};
