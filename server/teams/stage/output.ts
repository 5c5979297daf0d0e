import type { AgentExecution, ExecutionOutput, OutputFile } from "../../../schemas/execution.ts";
import type { Finding } from "../../../schemas/findings.ts";
import type { GateName, GateProof } from "../../../schemas/gates.ts";
import type { TranscriptEntry } from "../../../schemas/transcript.ts";
import type { LoopResult } from "../../../schemas/worker.ts";
import { qualityMetrics, type Measurements } from "../../models/quality.ts";
import { assignmentIn } from "./assignment.ts";
import { pathsRead, toolCallsOf } from "./tool-calls.ts";

export interface OutputParts {
  execution: AgentExecution;
  loop: LoopResult;
  entries: readonly TranscriptEntry[];
  /** The gates of the stage, and the proofs up to the first gate that did not hold. */
  gates: readonly GateName[];
  proofs: readonly GateProof[];
  /** What the execution itself changed. */
  files: readonly OutputFile[];
  /** The findings of this stage; null if it does not review. */
  findings: readonly Finding[] | null;
  /** The files that a reviewing stage must look at. */
  subjects: readonly string[];
  testTimes: Measurements["test_times"];
}

/** How many of the files that a reviewer must look at it got or has read; null if there are none. */
const lookedAt = ({ execution, subjects }: OutputParts, read: readonly string[]) => {
  if (execution.input.parameters.write_access !== "none" || subjects.length === 0) return null;
  const seen = new Set([...execution.input.context.map((item) => item.name), ...read]);
  return { done: subjects.filter((path) => seen.has(path)).length, of: subjects.length };
};

/** The machine-readable results of an agent: the findings that it reported, or the work that it assigned. */
const dataOf = ({ findings, entries }: OutputParts): ExecutionOutput["data"] => {
  const assignment = assignmentIn(entries);
  if (findings === null && assignment === null) return null;
  return {
    ...(findings !== null && { finding_ids: findings.map((finding) => finding.finding_id) }),
    ...(assignment !== null && { assignment }),
  };
};

/** The output of an execution: the agent's words and the measurements. */
export const makeOutput = (parts: OutputParts): ExecutionOutput => {
  const { execution, loop, entries, gates, proofs, files, testTimes } = parts;
  const tool_calls = toolCallsOf(execution.execution_id, entries);
  return {
    result: loop.summary,
    data: dataOf(parts),
    files: [...files],
    tool_calls,
    reasoning: loop.reasoning,
    quality_metrics: qualityMetrics({
      gates,
      proofs,
      round: execution.metadata.round,
      claimed: { confidence: loop.confidence, completeness: loop.completeness },
      finished: loop.outcome === "finished",
      looked_at: lookedAt(parts, pathsRead({ tool_calls })),
      test_times: testTimes,
    }),
  };
};
