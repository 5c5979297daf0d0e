import { randomUUID } from "node:crypto";
import { fail } from "../../schemas/errors.ts";
import type {
  AgentExecution,
  ExecutionError,
  ExecutionInput,
  ExecutionMetadata,
  ExecutionOutput,
  ExecutionResourceUsage,
  ExecutionStatus,
  Rating,
} from "../../schemas/execution.ts";
import type { Timestamp } from "../../schemas/primitives.ts";
import { isFinalExecution } from "../../schemas/statuses.ts";

/**
 * Queued → Starting → Running → an end; every state before an end can fail, be cancelled or time
 * out. Documents: "ExecutionStatus Enum".
 */
const transitions: Readonly<Record<ExecutionStatus, readonly ExecutionStatus[]>> = {
  Queued: ["Starting", "Failed", "Cancelled", "TimedOut"],
  Starting: ["Running", "Failed", "Cancelled", "TimedOut"],
  Running: ["Completed", "Failed", "Cancelled", "TimedOut"],
  Completed: [],
  Failed: [],
  Cancelled: [],
  TimedOut: [],
};

export const noUsage = (): ExecutionResourceUsage => ({
  input_tokens: 0,
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  output_tokens: 0,
  reasoning_tokens: 0,
  api_calls: 0,
  tool_calls: 0,
  cost: 0,
  cpu_seconds: 0,
  peak_memory_mb: 0,
});

/** Sum of both; the peak is the larger one, an unknown cost stays unknown. */
export const addUsage = (
  one: ExecutionResourceUsage,
  other: ExecutionResourceUsage,
): ExecutionResourceUsage => ({
  input_tokens: one.input_tokens + other.input_tokens,
  cache_read_tokens: one.cache_read_tokens + other.cache_read_tokens,
  cache_write_tokens: one.cache_write_tokens + other.cache_write_tokens,
  output_tokens: one.output_tokens + other.output_tokens,
  reasoning_tokens: one.reasoning_tokens + other.reasoning_tokens,
  api_calls: one.api_calls + other.api_calls,
  tool_calls: one.tool_calls + other.tool_calls,
  cost: one.cost === null || other.cost === null ? null : one.cost + other.cost,
  cpu_seconds: one.cpu_seconds + other.cpu_seconds,
  peak_memory_mb: Math.max(one.peak_memory_mb, other.peak_memory_mb),
});

/** All tokens of a usage, whatever they cost; reasoning is part of the output. */
export const totalTokens = (usage: ExecutionResourceUsage): number =>
  usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens + usage.output_tokens;

export interface NewExecution {
  execution_id?: string;
  task_id: string;
  tenant_id: string;
  input: ExecutionInput;
  metadata: ExecutionMetadata;
}

/** The user's rating of an ended execution. Error: `illegal_transition` while it runs. */
export const rate = (
  execution: AgentExecution,
  { verdict, note }: Pick<Rating, "verdict" | "note">,
  now: Timestamp,
): AgentExecution => {
  if (!isFinished(execution))
    throw fail("illegal_transition", {
      what: `Execution ${execution.execution_id}`,
      from: execution.status,
      to: "rated",
    });
  return {
    ...execution,
    metadata: { ...execution.metadata, rating: { verdict, note, rated_at: now } },
  };
};

/** A new execution in status Queued. Documents: `AgentExecution::new`. */
export const newExecution = (execution: NewExecution, now: Timestamp): AgentExecution => ({
  execution_id: execution.execution_id ?? randomUUID(),
  instance_id: null,
  task_id: execution.task_id,
  tenant_id: execution.tenant_id,
  status: "Queued",
  input: execution.input,
  output: null,
  error: null,
  metadata: execution.metadata,
  resource_usage: noUsage(),
  created_at: now,
  started_at: null,
  completed_at: null,
});

const moveTo = (execution: AgentExecution, to: ExecutionStatus): AgentExecution => {
  if (!transitions[execution.status].includes(to)) {
    throw fail("illegal_transition", {
      what: `Execution ${execution.execution_id}`,
      from: execution.status,
      to,
    });
  }
  return { ...execution, status: to };
};

/** Queued → Starting on an instance. Documents: `AgentExecution::start`. Errors: `illegal_transition`. */
export const start = (execution: AgentExecution, instanceId: string, now: Timestamp): AgentExecution => ({
  ...moveTo(execution, "Starting"),
  instance_id: instanceId,
  // An execution that resumes after its instance or runtime died keeps its first start time.
  started_at: execution.started_at ?? now,
});

/** Starting → Running. Documents: `AgentExecution::mark_running`. Errors: `illegal_transition`. */
export const markRunning = (execution: AgentExecution): AgentExecution => moveTo(execution, "Running");

/** Running → Completed. Documents: `AgentExecution::complete`. Errors: `illegal_transition`. */
export const complete = (
  execution: AgentExecution,
  output: ExecutionOutput,
  now: Timestamp,
): AgentExecution => ({ ...moveTo(execution, "Completed"), output, completed_at: now });

/** → Failed. Documents: `AgentExecution::fail`. Errors: `illegal_transition`. */
export const failExecution = (
  execution: AgentExecution,
  error: ExecutionError,
  now: Timestamp,
): AgentExecution => ({ ...moveTo(execution, "Failed"), error, completed_at: now });

/** → Cancelled. Documents: `AgentExecution::cancel`. Errors: `illegal_transition`. */
export const cancel = (execution: AgentExecution, now: Timestamp): AgentExecution => ({
  ...moveTo(execution, "Cancelled"),
  completed_at: now,
});

/** → TimedOut. Errors: `illegal_transition`. */
export const timeOut = (
  execution: AgentExecution,
  error: ExecutionError,
  now: Timestamp,
): AgentExecution => ({
  ...moveTo(execution, "TimedOut"),
  error,
  completed_at: now,
});

/**
 * Back to Queued for a further attempt on another instance after its own died: what was answered
 * and done is in the transcript, so the attempt continues instead of starting over.
 */
export const requeue = (execution: AgentExecution): AgentExecution => {
  if (isFinished(execution)) {
    throw fail("illegal_transition", {
      what: `Execution ${execution.execution_id}`,
      from: execution.status,
      to: "Queued",
    });
  }
  return { ...execution, status: "Queued", instance_id: null };
};

/** Documents: `AgentExecution::is_finished`. */
export const isFinished = (execution: AgentExecution): boolean => isFinalExecution(execution.status);

/** From start to finish; null before both are known. Documents: `AgentExecution::duration_seconds`. */
export const durationSeconds = (
  execution: Pick<AgentExecution, "started_at" | "completed_at">,
): number | null =>
  execution.started_at === null || execution.completed_at === null
    ? null
    : (Date.parse(execution.completed_at) - Date.parse(execution.started_at)) / 1000;
