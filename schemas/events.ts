import { z } from "zod";
import { AgentType, RuntimeType } from "./agent.ts";
import { Alert } from "./alerts.ts";
import { ChangedFile } from "./changes.ts";
import {
  AgentExecution,
  ExecutionError,
  ExecutionResourceUsage,
  Exposure,
  QualityMetrics,
} from "./execution.ts";
import { Finding } from "./findings.ts";
import { GateProof } from "./gates.ts";
import { AgentInstance } from "./instance.ts";
import { TokenUsage } from "./messages.ts";
import { PermissionDecision, PermissionRequest } from "./permissions.ts";
import { QuestionAnswer, ServerQuestion } from "./questions.ts";
import { Count, Milliseconds, Timestamp, Uuid } from "./primitives.ts";
import { RunStatus, StageState } from "./run.ts";
import { SpanId } from "./trace.ts";

const base = { at: Timestamp, task_id: Uuid };

/** What a stage shows of an execution when it changes: small, so that 200 a second stay cheap. */
export const ExecutionSummary = AgentExecution.pick({
  execution_id: true,
  instance_id: true,
  task_id: true,
  status: true,
  error: true,
  resource_usage: true,
  created_at: true,
  started_at: true,
  completed_at: true,
}).extend({
  agent_type: AgentType,
  agent_name: z.string(),
  stage: z.string(),
  round: Count,
  /** `Ollama/qwen3`. */
  model: z.string(),
  exposure: Exposure.optional(),
  /** Which of several parallel attempts it is; left out: the only one. */
  attempt: Count.optional(),
  /** Left out until it ended with an output. */
  quality: QualityMetrics.optional(),
});
export type ExecutionSummary = z.infer<typeof ExecutionSummary>;

/** What happens, as `coditect/event`, as a line of `--json`, and inside the runtime. */
export const RuntimeEvent = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("run.started"),
    ...base,
    workflow: z.string(),
    team: z.string(),
    stages: z.array(z.string()),
    /** `Ollama/qwen3`, or `rehearsal` for the built-in script. */
    model: z.string(),
    /** The first one that is tried. */
    runtime: RuntimeType,
  }),
  z.strictObject({ type: z.literal("run.changed"), ...base, status: RunStatus }),
  z.strictObject({
    type: z.literal("stage.started"),
    ...base,
    stage: z.string(),
    agent_type: AgentType,
    round: Count,
    feedback: z.string().nullable(),
  }),
  z.strictObject({ type: z.literal("stage.finished"), ...base, stage: StageState }),
  z.strictObject({ type: z.literal("execution.changed"), ...base, execution: ExecutionSummary }),
  /** A model is about to be asked; `model.usage` tells of its answer. */
  z.strictObject({
    type: z.literal("model.asked"),
    ...base,
    execution_id: Uuid,
    turn: Count,
    provider: z.string(),
    model: z.string(),
  }),
  z.strictObject({
    type: z.literal("model.usage"),
    ...base,
    execution_id: Uuid,
    turn: Count,
    provider: z.string(),
    model: z.string(),
    usage: TokenUsage,
    /** Dollars; `null`: unknown. */
    cost: z.number().nullable(),
    cached: z.boolean(),
  }),
  /** Text as it streams in; `withdrawn` takes back what was shown of a cut answer. */
  z.strictObject({
    type: z.literal("model.text"),
    ...base,
    execution_id: Uuid,
    turn: Count,
    text: z.string(),
    withdrawn: z.boolean(),
  }),
  /** A provider was asked again, or another one took over. */
  z.strictObject({
    type: z.literal("model.retry"),
    ...base,
    execution_id: Uuid,
    provider: z.string(),
    model: z.string(),
    reason: z.string(),
    wait_ms: Milliseconds,
  }),
  z.strictObject({
    type: z.literal("tool.started"),
    ...base,
    execution_id: Uuid,
    turn: Count,
    tool: z.string(),
    subject: z.string(),
    /** Of the call's span; left out: `open_telemetry` is off. */
    span_id: SpanId.optional(),
  }),
  z.strictObject({
    type: z.literal("tool.called"),
    ...base,
    execution_id: Uuid,
    turn: Count,
    tool: z.string(),
    success: z.boolean(),
    duration_ms: Milliseconds,
    error: z.string().nullable(),
  }),
  /** A run of all tests of the project starts. `expected_ms`: how long the last run took. Null: unknown. */
  z.strictObject({
    type: z.literal("suite.started"),
    ...base,
    execution_id: Uuid,
    expected_ms: Milliseconds.nullable(),
  }),
  z.strictObject({ type: z.literal("suite.ended"), ...base, execution_id: Uuid }),
  z.strictObject({
    type: z.literal("gate.proved"),
    ...base,
    execution_id: Uuid,
    stage: z.string(),
    proof: GateProof,
  }),
  z.strictObject({ type: z.literal("finding.reported"), ...base, finding: Finding }),
  z.strictObject({ type: z.literal("finding.changed"), ...base, finding: Finding }),
  z.strictObject({
    type: z.literal("changes.changed"),
    ...base,
    change_set_id: Uuid,
    files: z.array(ChangedFile),
  }),
  z.strictObject({ type: z.literal("approval.needed"), ...base, stage: z.string(), question: z.string() }),
  /** An agent waits for the user: `permissions/answer`. */
  z.strictObject({ type: z.literal("permission.needed"), ...base, permission: PermissionRequest }),
  /** It no longer waits. `decision: null`: nobody answered, or its work ended. */
  z.strictObject({
    type: z.literal("permission.settled"),
    ...base,
    execution_id: Uuid,
    permission_id: Uuid,
    decision: PermissionDecision.nullable(),
  }),
  /** A tool server asks the user during a call: `questions/answer`. */
  z.strictObject({ type: z.literal("question.needed"), ...base, question: ServerQuestion }),
  /** It was answered, or its call no longer waits. Only the server gets the values. */
  z.strictObject({
    type: z.literal("question.settled"),
    ...base,
    execution_id: Uuid,
    question_id: Uuid,
    action: z.enum(QuestionAnswer.options.map(({ shape }) => shape.action.value)),
  }),
  /** Something the user should know that is no error: an unconfined command, a cut context. */
  z.strictObject({ type: z.literal("notice"), ...base, code: z.string(), message: z.string() }),
  z.strictObject({
    type: z.literal("run.finished"),
    ...base,
    status: RunStatus,
    stages: z.array(StageState),
    changes: z.array(ChangedFile),
    findings: z.array(Finding),
    usage: ExecutionResourceUsage,
    error: ExecutionError.nullable(),
  }),
  /** Not part of a run: an instance changed state, health or load. */
  z.strictObject({ type: z.literal("instance.changed"), at: Timestamp, instance: AgentInstance }),
  /** Not part of a run: Ollama pulls a model. Bytes; `total` is 0 while it is unknown. */
  z.strictObject({
    type: z.literal("model.pulling"),
    at: Timestamp,
    model: z.string(),
    status: z.string(),
    completed: Count,
    total: Count,
  }),
  /** An alert was raised, acknowledged or cleared. `first`: it was raised for the first time that day, or became critical. */
  z.strictObject({ type: z.literal("alert.changed"), at: Timestamp, alert: Alert, first: z.boolean() }),
  /** Agents or teams were created, changed or deleted. */
  z.strictObject({ type: z.literal("configuration.changed"), at: Timestamp }),
]);
export type RuntimeEvent = z.infer<typeof RuntimeEvent>;
/** An event that belongs to a run. */
export type RunEvent = Extract<RuntimeEvent, { task_id: string }>;
/** The last event of a run. */
export type RunFinished = Extract<RuntimeEvent, { type: "run.finished" }>;
