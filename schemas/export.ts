import { z } from "zod";
import { AgentType, ProviderName } from "./agent.ts";
import { ChangeDecision } from "./changes.ts";
import {
  ContextItem,
  ExecutionError,
  ExecutionParameters,
  ExecutionResourceUsage,
  ExecutionStatus,
  QualityMetrics,
  Rating,
} from "./execution.ts";
import { Finding } from "./findings.ts";
import { GateProof } from "./gates.ts";
import { Message, ToolOffer } from "./messages.ts";
import { Count, Timestamp, Uuid, WorkspacePath } from "./primitives.ts";
import { RunStatus } from "./run.ts";

/** What the user did about the work, as far as it is known. */
const Feedback = z.strictObject({
  rating: Rating.nullable(),
  /** Of the run's change set: what became of each file. */
  changes: z.array(z.strictObject({ path: WorkspacePath, decision: ChangeDecision })),
  discard_reason: z.string().nullable(),
  /** What this execution reported, and what was said about it. */
  findings: z.array(
    Finding.pick({
      path: true,
      start_line: true,
      end_line: true,
      severity: true,
      category: true,
      title: true,
      explanation: true,
      confidence: true,
      status: true,
      dismissed_reason: true,
    }),
  ),
});

/**
 * One line of `coditect export`: an execution with what it was asked, what it answered, what was
 * measured of it and what the user made of it. Secrets are redacted. A line says its version; a
 * field is added without a new one, and changed or removed with one.
 */
export const ExportedExecution = z.strictObject({
  format: z.literal("coditect-execution/1"),
  execution_id: Uuid,
  task_id: Uuid,
  created_at: Timestamp,
  workflow: z.string(),
  stage: z.string(),
  round: Count.min(1),
  agent_type: AgentType,
  provider: ProviderName,
  model: z.string(),
  /** Every provider and model that answered: more than one after a failover. */
  answered_by: z.array(z.string()),
  task: z.strictObject({ description: z.string(), file: WorkspacePath.nullable() }),
  /** The conversation as the model last saw it, with its last answer. */
  system: z.string(),
  messages: z.array(Message),
  tools: z.array(ToolOffer),
  /** Names of what was given along with the task; the texts are in the first message. */
  context: z.array(ContextItem.pick({ context_type: true, name: true })),
  parameters: ExecutionParameters,
  outcome: z.strictObject({
    status: ExecutionStatus,
    error: ExecutionError.nullable(),
    /** The agent's own words. */
    result: z.string().nullable(),
    quality_metrics: QualityMetrics.nullable(),
    /** What it had changed by then, as a unified diff; `null`: nothing. */
    diff: z.string().nullable(),
    /** How the run it belongs to ended. */
    run_status: RunStatus,
  }),
  gates: z.array(GateProof),
  usage: ExecutionResourceUsage,
  feedback: Feedback,
});
export type ExportedExecution = z.infer<typeof ExportedExecution>;
