import { CutValue, type AgentExecution, type QualityMetrics } from "../../../../schemas/execution.ts";
import type { Json } from "../../../../schemas/primitives.ts";
import { plainLine } from "../../../../schemas/plain-text.ts";
import { durationText } from "../../../../schemas/duration.ts";
import { formatCost, formatCount } from "./format.ts";
import { alignColumns } from "./summary.ts";
import type { Terminal } from "./terminal.ts";

const LONGEST_VALUE = 100;

const scores: readonly (keyof QualityMetrics)[] = [
  "confidence",
  "completeness",
  "code_quality",
  "test_coverage",
  "performance",
];

const valueText = (value: Json): string => {
  const cut = CutValue.safeParse(value);
  const text = cut.success ? cut.data.cut : typeof value === "string" ? value : JSON.stringify(value);
  const line = plainLine(text);
  const shown = line.length > LONGEST_VALUE ? `${line.slice(0, LONGEST_VALUE)}…` : line;
  return cut.success
    ? `${shown}… (${formatCount(cut.data.characters)} characters; transcript entry ${cut.data.transcript.entry})`
    : shown;
};

const facts = (execution: AgentExecution): string[][] => {
  const { metadata, resource_usage: usage, status, error } = execution;
  const { started_at, completed_at } = execution;
  const tokens = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens;
  return [
    ["Execution", execution.execution_id],
    ["Status", error === null ? status : `${status}: ${error.message}`],
    ["Agent", `${metadata.agent_name} (${metadata.agent_type})`],
    ["Stage", `${metadata.stage}, round ${metadata.round}`],
    ["Model", metadata.answered_by.join(", ") || `${metadata.provider}/${metadata.model}`],
    ["Task", execution.task_id],
    ["Instance", execution.instance_id ?? "none"],
    ["Started", started_at ?? "not yet"],
    [
      "Took",
      started_at === null || completed_at === null
        ? ""
        : durationText(Date.parse(completed_at) - Date.parse(started_at)),
    ],
    ["Tokens", `${formatCount(tokens)} in, ${formatCount(usage.output_tokens)} out`],
    ["Cost", formatCost(usage.cost)],
  ].filter(([, value]) => value !== "");
};

/** Formats an execution for people: its data, its steps and its quality. */
export const executionText = (execution: AgentExecution, { style }: Pick<Terminal, "style">): string => {
  const { output, metadata } = execution;
  const section = (title: string, rows: readonly (readonly string[])[]): string =>
    rows.length === 0
      ? ""
      : `\n${style("bold", title)}\n${alignColumns(rows.map((row) => row.map(plainLine)))
          .map((line) => `  ${line}\n`)
          .join("")}`;
  const metrics = output?.quality_metrics;
  return [
    ...alignColumns(facts(execution).map((row) => row.map(plainLine))).map((line) => `${line}\n`),
    section(
      "Quality",
      metrics === undefined
        ? []
        : scores.map((name) => {
            const score = metrics[name];
            return [name, score === null ? "not measured" : score.toFixed(2)];
          }),
    ),
    section(
      "Gates",
      metadata.gates.map(({ gate, held, reason }) => [held ? "✔" : "✖", gate, reason]),
    ),
    section(
      "Files",
      (output?.files ?? []).map(({ kind, path, size }) => [kind, size === null ? "" : `${size} bytes`, path]),
    ),
    section(
      "In the context",
      (metadata.context_reasons ?? []).map(({ name, reason }) => [name, reason]),
    ),
    section(
      "Not in the context",
      metadata.context_left_out.map(({ name, reason }) => [name, reason]),
    ),
    section(
      "Tool calls",
      (output?.tool_calls ?? []).map((call) => [
        call.success ? "✔" : "✖",
        call.tool,
        durationText(call.duration_ms),
        `${valueText(call.input)} → ${valueText(call.output)}`,
      ]),
    ),
    output === null || output.result === "" ? "" : `\n${style("bold", "Result")}\n${output.result}\n`,
  ].join("");
};
