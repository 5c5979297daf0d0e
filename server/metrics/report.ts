import { durationText } from "../../schemas/duration.ts";
import type { Metrics, MetricField, MetricRow } from "../../schemas/metrics.ts";
import { htmlText } from "../../schemas/plain-text.ts";
import type { TeamRun } from "../../schemas/run.ts";

export interface ReportData {
  /** By day; the others are of the same span. */
  days: Metrics;
  by: Record<Exclude<MetricField, "day">, readonly MetricRow[]>;
  /** The most expensive first. */
  runs: readonly { run: TeamRun; workflow: string; description: string }[];
  /** URI of the workspace folder, where an editor shows the report and a run can be opened; else null. */
  folder: string | null;
}

const html = (text: string | number): string => htmlText(String(text));

const percent = (share: number | null): string => (share === null ? "–" : `${Math.round(share * 100)} %`);
const dollars = (cost: number): string => (cost === 0 ? "$0" : `$${cost.toFixed(cost < 0.01 ? 4 : 2)}`);
const seconds = (value: number | null): string => (value === null ? "–" : durationText(value * 1000));
const count = (value: number): string => value.toLocaleString("en-US");
const tokensOf = ({ tokens }: MetricRow): number =>
  tokens.input + tokens.cache_read + tokens.cache_write + tokens.output;
const costOf = (row: MetricRow): string => `${dollars(row.cost)}${row.unpriced > 0 ? " + unknown" : ""}`;

/** `GateFailed` as `Gate failed`. */
const words = (name: string): string =>
  name.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** A row of `TestWriter` as one of `Test Writer`. */
const inWords = (row: MetricRow): MetricRow => ({
  ...row,
  key: row.key.replace(/(?<=[a-z])(?=[A-Z])/g, " "),
});

const CHART = { width: 720, height: 160, gap: 2, mostDays: 90 };

/** Parts of a bar from the bottom up, each with its class. */
type Bar = readonly (readonly [name: string, value: number])[];

/** One bar per day; `most` is the value that fills the chart, `top` the same in words. */
const barChart = (
  label: string,
  rows: readonly MetricRow[],
  { most, top: topText }: { most: number; top: string },
  titleOf: (row: MetricRow) => string,
  barOf: (row: MetricRow) => Bar,
): string => {
  const shown = rows.slice(-CHART.mostDays);
  const step = CHART.width / Math.max(shown.length, 14);
  const width = Math.max(1, step - CHART.gap).toFixed(1);
  const bars = shown.map((row, index) => {
    let top = CHART.height;
    const parts = barOf(row).map(([name, value]) => {
      const height = (value / most) * (CHART.height - 8);
      top -= height;
      return `<rect class="${name}" x="${(index * step).toFixed(1)}" y="${top.toFixed(1)}" width="${width}" height="${height.toFixed(1)}"/>`;
    });
    return `<g><title>${html(titleOf(row))}</title>${parts.join("")}</g>`;
  });
  const days = [shown[0], shown.length > 1 ? shown.at(-1) : undefined].map((row) => row?.key ?? "");
  return `<div class="chart" role="img" aria-label="${html(label)}"><span class="top">${html(topText)}</span><svg viewBox="0 0 ${CHART.width} ${CHART.height}" preserveAspectRatio="none">${bars.join("")}</svg><span class="days"><span>${days.map(html).join("</span><span>")}</span></span></div>`;
};

const failedOf = ({ outcomes }: MetricRow): number => outcomes.failed + outcomes.timed_out;

/** In a day's bar, completed executions are at the bottom, failed ones above them. */
const outcomeChart = (rows: readonly MetricRow[]): string => {
  const most = Math.max(1, ...rows.slice(-CHART.mostDays).map(({ executions }) => executions));
  const chart = barChart(
    "Executions per day by outcome; the table By day has the numbers",
    rows,
    { most, top: count(most) },
    (row) =>
      `${row.key}: ${row.outcomes.completed} completed, ${failedOf(row)} failed, ${row.outcomes.cancelled} cancelled of ${row.executions}`,
    (row) => [
      ["good", row.outcomes.completed],
      ["bad", failedOf(row)],
      ["other", row.outcomes.cancelled],
    ],
  );
  return `${chart}
<p class="legend"><span class="good">■</span> completed <span class="bad">■</span> failed <span class="other">■</span> cancelled</p>`;
};

const utilizationChart = (rows: readonly MetricRow[]): string =>
  rows.every(({ utilization }) => utilization === null)
    ? ""
    : `<h2>Instance utilization</h2>${barChart(
        "Instance utilization per day; the table By day has the numbers",
        rows,
        { most: 1, top: "100 %" },
        ({ key, utilization }) => `${key}: ${percent(utilization)}`,
        ({ utilization }) => [["busy", utilization ?? 0]],
      )}`;

/** `texts`: how many columns, from the first on, hold no numbers. */
const table = (
  caption: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  texts = 1,
): string => {
  if (rows.length === 0) return "";
  const kind = (index: number) => (index < texts ? ' class="text"' : "");
  const cells = (row: readonly string[]) =>
    row
      .map((cell, index) =>
        index === 0 ? `<th scope="row" class="text">${cell}</th>` : `<td${kind(index)}>${cell}</td>`,
      )
      .join("");
  return `<h2>${html(caption)}</h2><div class="scroll" tabindex="0" role="region" aria-label="${html(caption)}"><table><thead><tr>${head
    .map((title, index) => `<th scope="col"${kind(index)}>${html(title)}</th>`)
    .join(
      "",
    )}</tr></thead><tbody>${rows.map((row) => `<tr>${cells(row)}</tr>`).join("")}</tbody></table></div>`;
};

/** The share of decisions that accepted the work. */
const shareText = (taken: number, refused: number): string =>
  percent(taken + refused === 0 ? null : taken / (taken + refused));

const metricTable = (caption: string, first: string, rows: readonly MetricRow[], share: number): string => {
  const isByDay = first === "Day";
  const sorted = isByDay ? rows.toReversed() : rows.toSorted((one, two) => two.cost - one.cost);
  const head = ["Executions", "Succeeded", "Cost", isByDay ? "Utilization" : "Cost share"];
  return table(
    caption,
    [first, ...head, "Accepted", "Tokens", "Cached", "Mean", "Median", "P95"],
    sorted.map((row) => [
      html(row.key === "" ? "–" : row.key),
      count(row.executions),
      percent(row.success_rate),
      costOf(row),
      isByDay ? percent(row.utilization) : percent(share === 0 ? null : row.cost / share),
      shareText(row.acceptance.changed_files.accepted, row.acceptance.changed_files.discarded),
      count(tokensOf(row)),
      percent(row.cache_share),
      seconds(row.run_seconds.mean),
      seconds(row.run_seconds.median),
      seconds(row.run_seconds.p95),
    ]),
  );
};

const tokenTable = ({ tokens }: MetricRow): string =>
  table(
    "Tokens",
    ["Kind", "Tokens"],
    [
      ["Input", count(tokens.input)],
      ["Read from the cache", count(tokens.cache_read)],
      ["Written to the cache", count(tokens.cache_write)],
      ["Output", count(tokens.output)],
      ["Reasoning (part of the output)", count(tokens.reasoning)],
    ],
  );

const gateTable = ({ gates }: MetricRow): string =>
  table(
    "Gates",
    ["Gate", "Held", "Failed"],
    Object.entries(gates).map(([gate, { held, failed }]) => [html(gate), count(held), count(failed)]),
  );

const runLink = (folder: string | null, taskId: string, text: string): string => {
  if (folder === null) return html(text);
  const argument = encodeURIComponent(JSON.stringify([{ uri: folder, task_id: taskId }]));
  return `<a href="command:coditect.showRun?${html(argument)}">${html(text)}</a>`;
};

const titleOf = (description: string, taskId: string): string => {
  const [line = ""] = description.trim().split("\n", 1);
  return line === "" ? taskId : line.slice(0, 100);
};

const runTable = ({ runs, folder }: ReportData): string =>
  table(
    "Most expensive runs",
    ["Task", "Team", "Status", "Cost", "Started"],
    runs.map(({ run, workflow, description }) => [
      runLink(folder, run.task_id, titleOf(description, run.task_id)),
      html(workflow),
      html(words(run.status)),
      run.usage.cost === null ? "unknown" : dollars(run.usage.cost),
      html(run.created_at.slice(0, 16).replace("T", " ")),
    ]),
    3,
  );

const numbers = ({ total, acceptance, queued, instances }: Metrics): string => {
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

const damageNote = ({ damaged_days: days }: Metrics): string =>
  days === 0
    ? ""
    : `<p><strong>${days === 1 ? "1 day is" : `${days} days are`} left out</strong> because the stored sums are damaged. Run coditect doctor.</p>`;

const alertList = ({ alerts }: Metrics): string =>
  alerts.length === 0
    ? "<p>No alerts.</p>"
    : `<ul aria-label="Alerts">${alerts
        .toSorted((one, other) => one.severity.localeCompare(other.severity))
        .map(
          ({ severity, message }) =>
            `<li class="${severity}"><strong>${severity === "critical" ? "Critical" : "Warning"}:</strong> ${html(message)}</li>`,
        )
        .join("")}</ul>`;

/** VS Code's own colours where it shows the page; elsewhere those of the system's light or dark scheme. */
const style = `
:root{color-scheme:light dark;--text:var(--vscode-foreground,CanvasText);--back:var(--vscode-editor-background,Canvas);--line:var(--vscode-panel-border,var(--vscode-contrastBorder,#8886));--good:var(--vscode-charts-green,#388a34);--bad:var(--vscode-charts-red,#c72e2e);--other:var(--vscode-descriptionForeground,#888)}
body{font:13px/1.5 var(--vscode-font-family,system-ui,sans-serif);color:var(--text);background:var(--back);max-width:1000px;margin:0 auto;padding:16px}
h1{font-size:1.5em;font-weight:600}h2{font-size:1.15em;font-weight:600;margin:1.6em 0 .4em}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(140px,1fr));gap:8px;margin:12px 0}
dl div{border:1px solid var(--line);border-radius:4px;padding:8px 10px}dt{color:var(--other)}dd{margin:0;font-size:1.25em;font-variant-numeric:tabular-nums}
table{border-collapse:collapse;width:100%}th,td{text-align:right;padding:4px 8px;border-bottom:1px solid var(--line);font-weight:normal;font-variant-numeric:tabular-nums;white-space:nowrap}
.text{text-align:left}a{white-space:normal}thead th{color:var(--other)}
.scroll{overflow-x:auto;max-height:420px}.scroll:focus-visible,a:focus-visible{outline:1px solid var(--vscode-focusBorder,Highlight)}
a{color:var(--vscode-textLink-foreground,LinkText)}svg{display:block;width:100%;height:160px;border-bottom:1px solid var(--line)}.top,.days{color:var(--other);font-size:.9em;font-variant-numeric:tabular-nums}.days{display:flex;justify-content:space-between}
rect.good{fill:var(--good)}rect.bad{fill:var(--bad)}rect.other{fill:var(--other)}rect.busy{fill:var(--vscode-charts-blue,#0078d4)}span.good{color:var(--good)}span.bad{color:var(--bad)}span.other,.legend{color:var(--other)}
li.critical strong{color:var(--vscode-errorForeground,var(--bad))}li.warning strong{color:var(--vscode-editorWarning-foreground,#bf8803)}
`;

/** The dashboard as one page: no script, nothing loaded from elsewhere. */
export const reportPage = (data: ReportData): string => {
  const { days, by } = data;
  const { total } = days;
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>CODITECT Agents: ${html(days.since)} to ${html(days.until)}</title><style>${style}</style></head>
<body><main><h1>Agents, ${html(days.since)} to ${html(days.until)}</h1><p class="legend">Days and times are in UTC.</p>
${alertList(days)}${damageNote(days)}${numbers(days)}
<h2>Executions per day</h2>${total.executions === 0 ? "<p>No executions ended in this period.</p>" : outcomeChart(days.rows)}
${utilizationChart(days.rows)}
${metricTable("By model", "Model", by.model, total.cost)}
${metricTable("By agent", "Agent", by.agent_type.map(inWords), total.cost)}
${metricTable("By workflow", "Workflow", by.workflow, total.cost)}
${metricTable("By provider", "Provider", by.provider, total.cost)}
${total.executions === 0 ? "" : tokenTable(total)}
${gateTable(total)}
${runTable(data)}
${metricTable("By day", "Day", days.rows, total.cost)}
</main></body></html>
`;
};
