import { z } from "zod";
import type { ChangeSet } from "../../../schemas/changes.ts";
import type { AgentExecution, ExecutionOutput, ToolCall } from "../../../schemas/execution.ts";
import type { Finding } from "../../../schemas/findings.ts";
import type { GateProof } from "../../../schemas/gates.ts";
import type { TranscriptEntry } from "../../../schemas/transcript.ts";
import type { LoopResult } from "../../../schemas/worker.ts";
import { qualityMetrics } from "../../models/quality.ts";

/**
 * Characters of what a tool was given and answered that are kept in the record, enough to know it
 * again: the transcript has all of it, and the record is written and held in memory with the rest.
 */
const KEPT_INPUT = 500;
const KEPT_OUTPUT = 120;
/** The same of all calls together: of very many, less is kept of each. */
const KEPT_OUTPUTS = 12_000;

const ReadPath = z.object({ path: z.string() });

const cut = (text: string, kept: number): string =>
  text.length <= kept ? text : `${text.slice(0, kept)} [cut; see the transcript]`;

const toolCalls = (entries: readonly TranscriptEntry[]): ToolCall[] => {
  const calls = entries.filter((entry) => entry.type === "tool");
  const keptOutput = Math.min(KEPT_OUTPUT, Math.floor(KEPT_OUTPUTS / Math.max(1, calls.length)));
  return calls.map((entry) => {
    const { tool, input, content, is_error, duration_ms } = entry.outcome;
    const kept = JSON.stringify(input).length <= KEPT_INPUT ? input : cut(JSON.stringify(input), KEPT_INPUT);
    return {
      tool,
      input: kept,
      output: cut(content, keptOutput),
      duration_ms,
      success: !is_error,
      error: is_error ? cut(content, KEPT_INPUT) : null,
    };
  });
};

/** How far the stage came, counted: tests that had to pass, else files it had to look at. */
const progressOf = (
  execution: AgentExecution,
  gates: readonly GateProof[],
  calls: readonly ToolCall[],
  subjects: readonly string[],
): { done: number; of: number } | null => {
  const counts = gates.findLast((gate) => gate.gate === "green")?.counts;
  if (counts != null) return { done: counts.passed, of: counts.passed + counts.failed };
  if (execution.input.parameters.write_access !== "none" || subjects.length === 0) return null;
  const seen = new Set([
    ...execution.input.context.map((item) => item.name),
    ...calls.flatMap(({ tool, input }) =>
      tool === "read_file" ? [ReadPath.safeParse(input).data?.path ?? []].flat() : [],
    ),
  ]);
  return { done: subjects.filter((path) => seen.has(path)).length, of: subjects.length };
};

export interface OutputParts {
  execution: AgentExecution;
  loop: LoopResult;
  entries: readonly TranscriptEntry[];
  gates: readonly GateProof[];
  changeSet: ChangeSet | null;
  /** Findings of this stage; null when it does not review. */
  findings: readonly Finding[] | null;
  /** Files a reviewing stage had to look at. */
  subjects: readonly string[];
  duration_seconds: number;
}

/** The output of an execution: the agent's words, and beside them what was measured. */
export const makeOutput = (parts: OutputParts): ExecutionOutput => {
  const { execution, loop, entries, gates, changeSet, findings, duration_seconds } = parts;
  const tool_calls = toolCalls(entries);
  return {
    result: loop.summary,
    data: findings === null ? null : { finding_ids: findings.map((finding) => finding.finding_id) },
    files: (changeSet?.files ?? []).map(({ path, kind, after }) => ({
      path,
      kind,
      size: null,
      sha256: after,
    })),
    tool_calls,
    reasoning: loop.reasoning,
    quality_metrics: qualityMetrics({
      gates,
      round: execution.metadata.round,
      claimed: { confidence: loop.confidence, completeness: loop.completeness },
      progress: progressOf(execution, gates, tool_calls, parts.subjects),
      findings,
      duration_seconds,
      timeout_seconds: execution.input.parameters.timeout_seconds,
    }),
  };
};
