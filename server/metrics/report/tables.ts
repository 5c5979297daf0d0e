import type { MetricRow } from "../../../schemas/metrics.ts";
import type { TeamRun } from "../../../schemas/run.ts";
import { shareBar } from "./chart.ts";
import { costOf, count, dollars, html, percent, seconds, shareText, tokensOf, words } from "./text.ts";

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

const costShare = ({ cost }: MetricRow, total: number): string =>
  total === 0 ? percent(null) : `${shareBar(cost / total)}${percent(cost / total)}`;

export const metricTable = (
  caption: string,
  first: string,
  rows: readonly MetricRow[],
  total: number,
): string => {
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
      isByDay ? percent(row.utilization) : costShare(row, total),
      shareText(row.acceptance.changed_files.accepted, row.acceptance.changed_files.discarded),
      count(tokensOf(row)),
      percent(row.cache_share),
      seconds(row.run_seconds.mean),
      seconds(row.run_seconds.median),
      seconds(row.run_seconds.p95),
    ]),
  );
};

export const tokenTable = ({ tokens }: MetricRow): string =>
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

export const gateTable = ({ gates }: MetricRow): string =>
  table(
    "Gates",
    ["Gate", "Held", "Failed"],
    Object.entries(gates).map(([gate, { held, failed }]) => [html(gate), count(held), count(failed)]),
  );

export interface ReportedRun {
  run: TeamRun;
  workflow: string;
  description: string;
}

const runLink = (folder: string | null, taskId: string, text: string): string => {
  if (folder === null) return html(text);
  const argument = encodeURIComponent(JSON.stringify([{ uri: folder, task_id: taskId }]));
  return `<a href="command:coditect.showRun?${html(argument)}">${html(text)}</a>`;
};

const titleOf = (description: string, taskId: string): string => {
  const [line = ""] = description.trim().split("\n", 1);
  return line === "" ? taskId : line.slice(0, 100);
};

/** The most expensive runs. In an editor that shows `folder`, its URI, each run is a link. */
export const runTable = (runs: readonly ReportedRun[], folder: string | null): string =>
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
