import { z } from "zod";
import { AIProvider, Limits, RuntimeChoice } from "./agent.ts";
import { EditorContext } from "./editor-context.ts";
import { ExecutionError, ExecutionResourceUsage } from "./execution.ts";
import { Forecast } from "./forecast.ts";
import { GateProof } from "./gates.ts";
import { Count, Json, patchOf, Sha256, Timestamp, Uuid, WorkspacePath } from "./primitives.ts";
import { Attempts, TeamMember, WorkflowStage } from "./team.ts";
import { TraceContext } from "./trace.ts";

/** Text of a file open and unsaved in the editor; agents see it in place of the file on disk. */
export const Overlay = z.strictObject({ path: WorkspacePath, text: z.string() });
export type Overlay = z.infer<typeof Overlay>;

/** What started a run: its trace begins there. */
export const RunOrigin = z.strictObject({
  /** A command of a user, or an HTTP request. */
  kind: z.enum(["command", "request"]),
  /**
   * `coditect.runTdd`, `coditect run`, `@coditect /fix`, `tools/call run_team` (MCP), `session/prompt`
   * (ACP), `POST /api/agent-teams/{team_id}/execute`.
   */
  name: z.string().min(1).max(200),
  /** When it was invoked. */
  at: Timestamp,
  /** The ACP session that it belongs to. */
  session: z.string().min(1).max(200).optional(),
  /** The trace that it is part of itself. */
  trace: TraceContext.optional(),
});
export type RunOrigin = z.infer<typeof RunOrigin>;

/** How a run is to be done; what is left out comes from the settings. */
export const RunOptions = z.strictObject({
  /** Asked by every agent of the run, in place of each one's own. */
  provider: AIProvider.nullable().default(null),
  runtime: RuntimeChoice.nullable().default(null),
  image: z.string().nullable().default(null),
  limits: Limits.nullable().default(null),
  /** Deadline of the whole run. */
  timeout_seconds: Count.min(1).nullable().default(null),
  test_command: z.string().nullable().default(null),
  /** Higher goes first when instances are short. */
  priority: z.int().min(-10).max(10).default(0),
  /** Lets the Coder change tests: the `untouched` gate then reports the changes instead of failing. */
  allow_test_changes: z.boolean().default(false),
  /**
   * Whether a person follows the run and answers agents that ask for a program or a host. If not, only what
   * the settings list is allowed.
   */
  ask_permissions: z.boolean().default(false),
  /** How often stages that write tested code are attempted in parallel; left out: as the team says. */
  attempts: Attempts.optional(),
  overlays: z.array(Overlay).default([]),
  /** What an editor's language servers know about the file of the task. Left out: nobody asked them. */
  editor_context: EditorContext.optional(),
  /** Of the latest start: a run that is resumed was started by that. Left out: unknown. */
  started_by: RunOrigin.optional(),
});
export type RunOptions = z.infer<typeof RunOptions>;

/** What a resumed or retried run does differently; the rest stays as it was. */
export const RunOptionsPatch = patchOf(RunOptions);
export type RunOptionsPatch = z.infer<typeof RunOptionsPatch>;

/** What is to be done. The documents refer to it by `task_id` and leave it open. */
export const Task = z.strictObject({
  task_id: Uuid,
  tenant_id: Uuid,
  /** The workflow or team, as the user named it: `tdd`, `bug-fix`, a team's name. */
  workflow: z.string(),
  /** The instruction, in the user's words. */
  description: z.string(),
  /** The file it is about. */
  file: WorkspacePath.nullable(),
  /** Further input of the workflow, such as a diagnostic or a stack trace. */
  data: Json.nullable(),
  /** Files that may contain secrets and that the user opened to the tests of this task. */
  opened_files: z.array(WorkspacePath).optional(),
  created_at: Timestamp,
});
export type Task = z.infer<typeof Task>;

export const StageStatus = z.enum([
  "Pending",
  "WaitingForApproval",
  "Running",
  "Completed",
  "Skipped",
  "Failed",
  "Cancelled",
]);
export type StageStatus = z.infer<typeof StageStatus>;

/** What an attempt is ranked by, in this order. */
export const AttemptScore = z.strictObject({
  /** Gates that held, and how many were tried: those after a gate that did not hold are not. */
  gates_held: Count,
  gates: Count,
  /** Tests that its author did not see; `null`: there are none, or a gate of the stage failed before. */
  held_back: z.strictObject({ passed: Count, failed: Count }).nullable(),
  /** Mutants of its changed lines that held-back tests noticed, or the new tests where none are held back. */
  mutants: z.strictObject({ killed: Count, judged: Count }).nullable(),
  /** Lines that it added and removed. */
  lines: Count,
  files: Count,
  /** Dollars; `null`: the price of a model is unknown. */
  cost: z.number().nonnegative().nullable(),
});
export type AttemptScore = z.infer<typeof AttemptScore>;

/** One of several attempts at a round of a stage. */
export const StageAttempt = z.strictObject({
  /** Counts from 1. */
  attempt: Count.min(1),
  round: Count.min(1),
  execution_id: Uuid,
  /** 1: its result is the stage's. `null`: not ranked yet. */
  rank: Count.nullable(),
  /** `null` until it is ranked. */
  score: AttemptScore.nullable(),
});
export type StageAttempt = z.infer<typeof StageAttempt>;

/** The state of a stage, over all its rounds. */
export const StageState = z.strictObject({
  name: z.string(),
  status: StageStatus,
  /** How often it was started. */
  round: Count,
  /** How often this stage sent work back. */
  sent_back: Count,
  /** Executions of this stage, oldest first; of several attempts the best comes last. */
  execution_ids: z.array(Uuid),
  /** Attempts at its first round, by their number; left out: it was done once. */
  attempts: z.array(StageAttempt).optional(),
  /** Proofs of the last round. */
  gates: z.array(GateProof),
  /** A person consented to it, where the stage asks for that. */
  approved: z.boolean(),
  /** The feedback on the last round for the next one; `null` in the first. */
  feedback: z.string().nullable(),
  /** The change set its present round began with; `null`: the workspace as it was. */
  starts_with: Uuid.nullable(),
  /** The change set after this stage. */
  change_set_id: Uuid.nullable(),
  started_at: Timestamp.nullable(),
  completed_at: Timestamp.nullable(),
});
export type StageState = z.infer<typeof StageState>;

/**
 * `Succeeded`: every gate held; `GateFailed`: a gate did not hold after its rounds; `Failed`:
 * provider or infrastructure; `LimitReached`: a cap stopped it; `Interrupted`: its runtime ended,
 * it can be resumed.
 */
export const RunStatus = z.enum([
  "Queued",
  "Running",
  "WaitingForApproval",
  "Succeeded",
  "GateFailed",
  "Failed",
  "LimitReached",
  "Cancelled",
  "Interrupted",
]);
export type RunStatus = z.infer<typeof RunStatus>;

/** A team's run of a task: the persisted state machine over the stages. One per task. */
export const TeamRun = z.strictObject({
  task_id: Uuid,
  tenant_id: Uuid,
  team_id: Uuid,
  status: RunStatus,
  /** Members and stages as they were when the run began: a later change of the team does not touch it. */
  members: z.array(TeamMember),
  workflow_stages: z.array(WorkflowStage),
  stages: z.array(StageState),
  options: RunOptions,
  /** Hash of the TestReport of the workspace as it was, in the object store; `null` until measured. */
  baseline: Sha256.nullable(),
  /** The change set of the run as a whole. */
  change_set_id: Uuid.nullable(),
  error: ExecutionError.nullable(),
  usage: ExecutionResourceUsage,
  /** What it was expected to take when it started; `null`: it takes over stages of another run. */
  forecast: Forecast.nullable().default(null),
  /** The run it was forked from or retries, and the stage it took over from there. */
  parent: z.strictObject({ task_id: Uuid, stage: z.string() }).nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
  completed_at: Timestamp.nullable(),
});
export type TeamRun = z.infer<typeof TeamRun>;

/** What the caps count of one agent's calls; micro-cents with those that are assumed. */
const AgentUsage = z.strictObject({ tokens: Count, cost_microcents: Count });

/**
 * What was used on one day (UTC), for the caps per day and the status bar. As stored, what unfinished
 * executions used is not in it: that is in their transcripts until they end.
 */
export const DailyUsage = z.strictObject({
  tenant_id: Uuid,
  /** `2026-01-31`. */
  day: z.iso.date(),
  tokens: Count,
  /** Millionths of a cent, so that sums stay exact; of the calls whose price is known. */
  cost_microcents: Count,
  /** What the caps count for the other calls, by their agents' `cost_per_1k_tokens`. */
  assumed_microcents: Count.default(0),
  api_calls: Count,
  /** Calls whose price is unknown: with any of them, so is the cost of the day. */
  unpriced_calls: Count.default(0),
  /** By `agent_id`, for the caps that agents have of their own. */
  by_agent: z.record(Uuid, AgentUsage).default({}),
});
export type DailyUsage = z.infer<typeof DailyUsage>;
