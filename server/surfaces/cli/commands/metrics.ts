import { resolve } from "node:path";
import { z } from "zod";
import { MetricField, type MetricRow, type Metrics } from "../../../../schemas/metrics.ts";
import { formatCost, formatCount, plural } from "../display/format.ts";
import { tableText } from "../display/summary.ts";
import type { CommandContext } from "../display/terminal.ts";
import { exitCodes } from "../session/exit.ts";
import { parseFlagsAs } from "../session/options.ts";
import { writeOutputFile } from "../session/output-file.ts";
import { type RecordFlags, withConnection } from "./records.ts";

const Span = z.object({ since: z.iso.date().optional(), until: z.iso.date().optional() });
const Table = Span.extend({ by: MetricField.default("day") });
type SpanFlags = RecordFlags & { since?: string; until?: string };

const percent = (share: number | null): string => (share === null ? "" : `${Math.round(share * 100)} %`);
const seconds = (value: number | null): string => (value === null ? "" : `${value.toFixed(1)} s`);

/** The share of decided files that the user accepted; `null`: none is decided. */
const acceptedShare = ({ acceptance: { changed_files: files } }: MetricRow): number | null => {
  const decided = files.accepted + files.discarded;
  return decided === 0 ? null : files.accepted / decided;
};

const line = (row: MetricRow): string[] => [
  row.key === "" ? "all" : row.key,
  formatCount(row.executions),
  percent(row.success_rate),
  formatCount(row.tokens.input + row.tokens.cache_read + row.tokens.cache_write + row.tokens.output),
  percent(row.cache_share),
  percent(acceptedShare(row)),
  `${formatCost(row.cost)}${row.unpriced > 0 ? " + unknown" : ""}`,
  seconds(row.run_seconds.median),
  seconds(row.run_seconds.p95),
  seconds(row.wait_seconds.p95),
  percent(row.utilization),
];

/** What users did with the results. Empty if there were none. */
const acceptanceText = ({ acceptance: { changed_files: files, findings } }: Metrics): string => {
  const decided = files.accepted + files.discarded;
  const found = Object.values(findings).reduce((sum, each) => sum + each, 0);
  const lines = [
    ...(decided === 0 ? [] : [`${files.accepted} of ${plural(decided, "changed file")} accepted`]),
    ...(found === 0
      ? []
      : [
          `${plural(found, "finding")}: ${findings.fixed} fixed, ${findings.dismissed} dismissed, ${findings.open} open`,
        ]),
  ];
  return lines.length === 0 ? "" : `\n${lines.join("\n")}\n`;
};

/** `coditect metrics`: a table, or with `--json` one object. */
export const showMetrics = (flags: SpanFlags & { by?: string }, context: CommandContext): Promise<number> => {
  const asked = parseFlagsAs(Table, flags);
  return withConnection(flags, context, async (connection) => {
    const { terminal } = context;
    const metrics = await connection.call("metrics/get", asked);
    if (flags.json === true) {
      terminal.out(`${JSON.stringify(metrics)}\n`);
      return exitCodes.held;
    }
    const head = [
      "EXECUTIONS",
      "SUCCEEDED",
      "TOKENS",
      "CACHED",
      "ACCEPTED",
      "COST",
      "MEDIAN",
      "P95",
      "WAIT P95",
      "BUSY",
    ];
    const rows = [...metrics.rows, metrics.total].map(line);
    terminal.out(`${metrics.since} to ${metrics.until}\n\n`);
    if (metrics.total.executions === 0) terminal.out("No execution ended in this time.\n");
    else terminal.out(tableText([metrics.by.toUpperCase(), ...head], rows, terminal));
    terminal.out(acceptanceText(metrics));
    const { instance_cost } = metrics.total;
    if (instance_cost > 0)
      terminal.out(`\nInstances in Cloud Run cost about ${formatCost(instance_cost)} in addition.\n`);
    const { runs, within } = metrics.forecasts.tokens;
    if (runs > 0)
      terminal.out(`\nForecasts: ${within} of ${plural(runs, "run")} took as many tokens as expected.\n`);
    if (metrics.damaged_days > 0)
      terminal.err(
        `The metrics leave out ${plural(metrics.damaged_days, "day")}, because the stored sums are damaged. Run coditect doctor.\n`,
      );
    for (const { severity, message } of metrics.alerts) terminal.err(`${severity}: ${message}\n`);
    return exitCodes.held;
  });
};

/** `coditect metrics rules`: the alerts for Prometheus. */
export const printRules = (flags: RecordFlags, context: CommandContext): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    context.terminal.out((await connection.call("metrics/prometheus", {})).rules);
    return exitCodes.held;
  });

/** `coditect report`: the dashboard as one page. */
export const writeReport = (file: string, flags: SpanFlags, context: CommandContext): Promise<number> => {
  const span = parseFlagsAs(Span, flags);
  return withConnection(flags, context, async (connection) => {
    const { html } = await connection.call("metrics/report", span);
    await writeOutputFile(resolve(context.currentFolder, file), html);
    context.terminal.out(flags.json === true ? `${JSON.stringify({ file })}\n` : `Written to ${file}\n`);
    return exitCodes.held;
  });
};
