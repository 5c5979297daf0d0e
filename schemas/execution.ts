import { z } from "zod";
import { AgentType, AnswerLimitBy, Effort, ProviderName } from "./agent.ts";
import { ChangeKind } from "./changes.ts";
import { GateProof, WriteAccess } from "./gates.ts";
import { ToolDefinition } from "./tool-definition.ts";
import { Count, Json, Milliseconds, Ratio, Sha256, Timestamp, Uuid, WorkspacePath } from "./primitives.ts";

/** State of an execution. Documents: "ExecutionStatus Enum". */
export const ExecutionStatus = z.enum([
  "Queued",
  "Starting",
  "Running",
  "Completed",
  "Failed",
  "Cancelled",
  "TimedOut",
]);
export type ExecutionStatus = z.infer<typeof ExecutionStatus>;

/** Documents: "ContextType". */
export const ContextType = z.enum([
  "SourceCode",
  "Documentation",
  "Configuration",
  "TestFile",
  "DataFile",
  "PreviousResult",
  "ApiResponse",
]);
export type ContextType = z.infer<typeof ContextType>;

/** A file, document or previous result given to an agent. Documents: "ContextItem Structure". */
export const ContextItem = z.strictObject({
  context_type: ContextType,
  /** Path inside the workspace, or the stage a previous result comes from. */
  name: z.string(),
  /** Text; for an image its bytes in base64. */
  content: z.string(),
  mime_type: z.string().nullable(),
});
export type ContextItem = z.infer<typeof ContextItem>;

/** Largest input or output of a tool call that an execution keeps whole, in characters of its JSON. */
export const WHOLE_VALUE = 4000;
/** The same of all tool calls of an execution together; the last ones are cut first. */
export const WHOLE_VALUES = 64_000;

/** The beginning of a longer value. The whole is in the transcript, in the entry of that number. */
export const CutValue = z.strictObject({
  cut: z.string(),
  /** Characters of the whole. */
  characters: Count,
  /** `executions/transcript` with `from: entry` begins with it. */
  transcript: z.strictObject({ execution_id: Uuid, entry: Count }),
});
export type CutValue = z.infer<typeof CutValue>;

/** Documents: "Tool Integration", struct `ToolCall`. */
export const ToolCall = z.strictObject({
  tool: z.string(),
  /** As the model gave it; a {@link CutValue} when it is longer than {@link WHOLE_VALUE}. */
  input: Json,
  /** As the tool gave it: JSON where it is JSON, otherwise text; cut like the input. */
  output: Json,
  duration_ms: Milliseconds,
  success: z.boolean(),
  error: z.string().nullable(),
});
export type ToolCall = z.infer<typeof ToolCall>;

/** Settings of one execution; the documents name it and leave its fields open. */
export const ExecutionParameters = z.strictObject({
  temperature: z.number().min(0).max(1),
  /** Most tokens of one answer. */
  max_tokens: Count.min(1),
  /** Left out: `model`. */
  max_tokens_by: AnswerLimitBy.exactOptional(),
  /** Left out: as the model thinks on its own. */
  effort: Effort.exactOptional(),
  /** Most answers of the model. */
  max_turns: Count.min(1),
  /** Deadline of the whole execution. */
  timeout_seconds: Count.min(1),
  write_access: WriteAccess,
  /** The user's own test command; `null`: found from the project. */
  test_command: z.string().nullable(),
});
export type ExecutionParameters = z.infer<typeof ExecutionParameters>;

/** Documents: "ExecutionInput Structure". */
export const ExecutionInput = z.strictObject({
  prompt: z.string(),
  system_message: z.string().nullable(),
  context: z.array(ContextItem),
  parameters: ExecutionParameters,
  tools: z.array(ToolDefinition),
});
export type ExecutionInput = z.infer<typeof ExecutionInput>;

/**
 * One of ExecutionOutput's `files`, compared with the state the execution began with. The bytes are in
 * the object store under `sha256`; `null`, like `size`: the file was deleted.
 */
export const OutputFile = z.strictObject({
  path: WorkspacePath,
  kind: ChangeKind,
  /** Bytes. */
  size: Count.nullable(),
  sha256: Sha256.nullable(),
});
export type OutputFile = z.infer<typeof OutputFile>;

/**
 * Scores of an output, computed from what the runtime measured. Documents: "QualityMetrics
 * Structure"; the formulas are in `server/models/quality.ts`. `null`: not measured.
 */
export const QualityMetrics = z.strictObject({
  confidence: Ratio,
  completeness: Ratio,
  code_quality: Ratio.nullable(),
  test_coverage: Ratio.nullable(),
  performance: Ratio.nullable(),
});
export type QualityMetrics = z.infer<typeof QualityMetrics>;

/** Documents: "ExecutionOutput Structure". */
export const ExecutionOutput = z.strictObject({
  result: z.string(),
  data: Json.nullable(),
  files: z.array(OutputFile),
  tool_calls: z.array(ToolCall),
  reasoning: z.string().nullable(),
  quality_metrics: QualityMetrics,
});
export type ExecutionOutput = z.infer<typeof ExecutionOutput>;

/** Why an execution did not complete; the documents leave its fields open. */
export const ExecutionError = z.strictObject({
  /** A code of the error catalogue. */
  code: z.string(),
  message: z.string(),
  /** What the user can do; `null` when there is nothing. */
  next_step: z.string().nullable(),
  retryable: z.boolean(),
});
export type ExecutionError = z.infer<typeof ExecutionError>;

/** What the user thought of an execution's work; kept with it, and a lesson for later ones. */
export const Rating = z.strictObject({
  verdict: z.enum(["up", "down"]),
  /** Why, in the user's words. */
  note: z.string().nullable(),
  rated_at: Timestamp,
});
export type Rating = z.infer<typeof Rating>;

/**
 * What an execution has met of three things that together let whoever wrote what it reads act with the
 * user's secrets. All three at once need the user's consent.
 */
export const Exposure = z.strictObject({
  /** It was given text of others: an untrusted workspace, the answer of a service or an MCP server. */
  read_untrusted: z.boolean(),
  /** A tool worked for it with a secret of the user's. */
  used_secrets: z.boolean(),
  /** It could affect other systems: by a tool, or by commands that reach allowed hosts. */
  acts_outwardly: z.boolean(),
});
export type Exposure = z.infer<typeof Exposure>;

/** Which of several parallel attempts an execution is, and how its result was measured for the ranking. */
export const ExecutionAttempt = z.strictObject({
  /** Counts from 1. */
  number: Count.min(1),
  /** Tests that its agent did not see; `null`: there are none, or they were not run. */
  held_back: z.strictObject({ passed: Count, failed: Count }).nullable(),
  /** Mutants of its changed lines that tests noticed, of those that were judged; `null`: not measured. */
  mutants: z.strictObject({ killed: Count, judged: Count }).nullable(),
});
export type ExecutionAttempt = z.infer<typeof ExecutionAttempt>;

/** Context of an execution: whose it is, in what run, and what was proven of it. */
export const ExecutionMetadata = z.strictObject({
  agent_id: Uuid,
  agent_type: AgentType,
  agent_name: z.string(),
  /** The provider and model that were asked first. */
  provider: ProviderName,
  model: z.string(),
  /** Every provider and model that answered, as `Claude/claude-…`: more than one after a failover. */
  answered_by: z.array(z.string()),
  team_id: Uuid.nullable(),
  stage: z.string(),
  /** Counts from 1: a stage that was sent back runs again. */
  round: Count.min(1),
  /** The gates' proofs of this stage. */
  gates: z.array(GateProof),
  change_set_id: Uuid.nullable(),
  /** What did not fit the token budget, and why it was left out. */
  context_left_out: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
  /** Why each item of the context is in it. Left out: the execution is of an earlier version. */
  context_reasons: z.array(z.strictObject({ name: z.string(), reason: z.string() })).optional(),
  rating: Rating.nullable().default(null),
  /** Left out: the execution is of an earlier version, which did not keep it. */
  exposure: Exposure.optional(),
  /** Left out: it is the only attempt at its round. */
  attempt: ExecutionAttempt.optional(),
});
export type ExecutionMetadata = z.infer<typeof ExecutionMetadata>;

/** What an execution consumed; the documents name it and leave its fields open. */
export const ExecutionResourceUsage = z.strictObject({
  input_tokens: Count,
  cache_read_tokens: Count,
  cache_write_tokens: Count,
  output_tokens: Count,
  reasoning_tokens: Count,
  api_calls: Count,
  tool_calls: Count,
  /** Dollars; `null`: the price of the model is unknown. */
  cost: z.number().nonnegative().nullable(),
  cpu_seconds: z.number().nonnegative(),
  peak_memory_mb: Count,
});
export type ExecutionResourceUsage = z.infer<typeof ExecutionResourceUsage>;

/** One task executed by one instance. Documents: "AgentExecution Model". */
export const AgentExecution = z.strictObject({
  execution_id: Uuid,
  instance_id: Uuid.nullable(),
  task_id: Uuid,
  tenant_id: Uuid,
  status: ExecutionStatus,
  input: ExecutionInput,
  output: ExecutionOutput.nullable(),
  error: ExecutionError.nullable(),
  metadata: ExecutionMetadata,
  resource_usage: ExecutionResourceUsage,
  created_at: Timestamp,
  started_at: Timestamp.nullable(),
  completed_at: Timestamp.nullable(),
});
export type AgentExecution = z.infer<typeof AgentExecution>;
