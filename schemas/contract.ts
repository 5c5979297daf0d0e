import { z } from "zod";
import { AgentConfig, AgentSettings, AgentStatus, AgentType, AIProvider, ProviderName } from "./agent.ts";
import { ChangeSet, FileContent } from "./changes.ts";
import { ConsentName } from "./consents.ts";
import { ErrorCode } from "./errors.ts";
import { AgentExecution, ExecutionStatus, Rating } from "./execution.ts";
import { ExportedExecution } from "./export.ts";
import { Finding, FindingStatus } from "./findings.ts";
import { AgentInstance, InstanceState, LifecycleEvent } from "./instance.ts";
import { Count, Json, patchOf, Uuid, WorkspacePath } from "./primitives.ts";
import { DailyUsage, RunOptions, RunOptionsPatch, RunStatus, Task, TeamRun } from "./run.ts";
import { AgentTeam, TeamMember, WorkflowStage } from "./team.ts";
import { TranscriptEntry } from "./transcript.ts";

/**
 * The one table of the runtime's methods. JSON-RPC registration (`coditect/<name>`), REST routes,
 * the OpenAPI document and the client's typed `call()` all come from it; what is not here does not
 * exist. Adding a method = one row here and one handler in `server/handlers/`.
 */
export const Role = z.enum(["viewer", "operator", "admin"]);
/** What a caller may do: `viewer` reads, `operator` runs teams, `admin` changes agents and teams. */
export type Role = z.infer<typeof Role>;

interface Http {
  verb: "GET" | "POST" | "PUT" | "DELETE";
  /** `{name}` stands for the field of that name in the params. */
  path: string;
  /** Query parameter → field, where the documents name them differently. */
  query?: Record<string, string>;
  /** Status of a success; 200 if left out. */
  status?: 201 | 202 | 204;
}

const row = <Params extends z.ZodType, Result extends z.ZodType>(
  role: Role,
  params: Params,
  result: Result,
  http: Http | null = null,
) => ({ role, params, result, http });

const Nothing = z.strictObject({});
const paging = {
  /** At most this many, newest first. */
  limit: Count.min(1).max(500).default(100),
  /** `next_cursor` of the page before. */
  cursor: z.string().nullable().default(null),
};
const page = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ items: z.array(item), next_cursor: z.string().nullable() });
const byAgent = z.strictObject({ agent_id: Uuid });
const byInstance = z.strictObject({ instance_id: Uuid });
const byExecution = z.strictObject({ execution_id: Uuid });
const byTeam = z.strictObject({ team_id: Uuid });
const byTask = z.strictObject({ task_id: Uuid });
const rated = {
  verdict: Rating.shape.verdict,
  note: z.string().min(1).nullable().default(null),
};

/** A run with everything a tree or a report needs of it. */
export const RunDetails = z.strictObject({
  task: Task,
  run: TeamRun,
  executions: z.array(AgentExecution.omit({ input: true })),
});
export type RunDetails = z.infer<typeof RunDetails>;

export const StartRun = z.strictObject({
  /** What is to be done, in the user's words; empty: the workflow's own default for the file. */
  task: z.string().default(""),
  file: WorkspacePath.nullable().default(null),
  data: Json.nullable().default(null),
  options: RunOptions.prefault({}),
});
export type StartRun = z.infer<typeof StartRun>;

/** One file of a change set with both texts, for a diff. */
export const ChangeContent = z.strictObject({
  path: WorkspacePath,
  before: FileContent.nullable(),
  after: FileContent.nullable(),
});
export type ChangeContent = z.infer<typeof ChangeContent>;

/** What came of applying a change set, file by file. `conflict`: nothing was written there. */
export const AppliedFile = z.strictObject({
  path: WorkspacePath,
  result: z.enum(["written", "merged", "unchanged", "conflict"]),
});
export type AppliedFile = z.infer<typeof AppliedFile>;

export const ModelInfo = z.strictObject({
  provider: AIProvider,
  name: z.string(),
  /** Installed or reachable right now; `problem` says why not. */
  available: z.boolean(),
  problem: z.string().nullable(),
  problem_code: ErrorCode.nullable(),
  /** Dollars per million tokens; `null`: unknown. */
  price: z.strictObject({ input: z.number(), output: z.number() }).nullable(),
  context_window: Count.nullable(),
});
export type ModelInfo = z.infer<typeof ModelInfo>;

/** A request to a model as it goes over the wire; where the key stands it says `[redacted]`. */
export const SentRequest = z.strictObject({
  method: z.string(),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  body: Json,
});
export type SentRequest = z.infer<typeof SentRequest>;

export const contract = {
  "agents/create": row(
    "admin",
    z.strictObject({
      name: z.string().min(1),
      agent_type: AgentType,
      provider: AIProvider,
      settings: patchOf(AgentSettings).default({}),
    }),
    AgentConfig,
    { verb: "POST", path: "/api/agents", status: 201 },
  ),
  "agents/get": row("viewer", byAgent, AgentConfig, { verb: "GET", path: "/api/agents/{agent_id}" }),
  "agents/update": row(
    "admin",
    byAgent.extend({
      name: z.string().min(1).optional(),
      provider: AIProvider.optional(),
      capabilities: AgentConfig.shape.capabilities.optional(),
      status: AgentStatus.optional(),
      settings: patchOf(AgentSettings).optional(),
    }),
    AgentConfig,
    { verb: "PUT", path: "/api/agents/{agent_id}" },
  ),
  "agents/delete": row("admin", byAgent, Nothing, {
    verb: "DELETE",
    path: "/api/agents/{agent_id}",
    status: 204,
  }),
  "agents/list": row(
    "viewer",
    z.strictObject({ type: AgentType.optional(), status: AgentStatus.optional(), ...paging }),
    page(AgentConfig),
    { verb: "GET", path: "/api/agents" },
  ),

  "instances/create": row(
    "operator",
    byAgent.extend({ runtime: z.enum(["Local", "Docker"]).nullable().default(null) }),
    AgentInstance,
    { verb: "POST", path: "/api/agents/{agent_id}/instances", status: 201 },
  ),
  "instances/get": row("viewer", byInstance, AgentInstance, {
    verb: "GET",
    path: "/api/agent-instances/{instance_id}",
  }),
  "instances/setState": row(
    "operator",
    byInstance.extend({ state: InstanceState, cause: z.string().default("asked by the user") }),
    AgentInstance,
    { verb: "PUT", path: "/api/agent-instances/{instance_id}/state" },
  ),
  "instances/terminate": row("operator", byInstance, AgentInstance, {
    verb: "DELETE",
    path: "/api/agent-instances/{instance_id}",
  }),
  "instances/list": row(
    "viewer",
    z.strictObject({
      agent_id: Uuid.optional(),
      state: InstanceState.optional(),
      /** Only those that are neither Terminated nor Failed. */
      active: z.boolean().default(false),
      ...paging,
    }),
    page(AgentInstance),
    { verb: "GET", path: "/api/agent-instances" },
  ),
  /** Audit trail of an instance, oldest first. */
  "instances/history": row("viewer", byInstance.extend(paging), page(LifecycleEvent), {
    verb: "GET",
    path: "/api/agent-instances/{instance_id}/history",
  }),

  /** One agent on one task, outside a team; answers at once with the queued execution. */
  "executions/start": row(
    "operator",
    byAgent.extend({
      prompt: z.string().min(1),
      file: WorkspacePath.nullable().default(null),
      options: RunOptions.prefault({}),
    }),
    AgentExecution,
    { verb: "POST", path: "/api/agents/{agent_id}/executions", status: 202 },
  ),
  "executions/get": row("viewer", byExecution, AgentExecution, {
    verb: "GET",
    path: "/api/agent-executions/{execution_id}",
  }),
  "executions/list": row(
    "viewer",
    z.strictObject({
      task_id: Uuid.optional(),
      instance_id: Uuid.optional(),
      status: ExecutionStatus.optional(),
      ...paging,
    }),
    page(AgentExecution.omit({ input: true })),
    { verb: "GET", path: "/api/agent-executions" },
  ),
  "executions/cancel": row("operator", byExecution, AgentExecution, {
    verb: "POST",
    path: "/api/agent-executions/{execution_id}/cancel",
  }),
  /** The exact request a turn was asked with, the last one if none is named. */
  "executions/request": row(
    "viewer",
    byExecution.extend({ turn: Count.min(1).nullable().default(null) }),
    SentRequest,
    { verb: "GET", path: "/api/agent-executions/{execution_id}/request" },
  ),
  /** The transcript from an entry on; `next` is where to go on reading. */
  "executions/transcript": row(
    "viewer",
    byExecution.extend({ from: Count.default(0) }),
    z.strictObject({ entries: z.array(TranscriptEntry), next: Count }),
    { verb: "GET", path: "/api/agent-executions/{execution_id}/transcript" },
  ),

  /** What the user thinks of an ended execution; a later rating takes the place of an earlier one. */
  "executions/rate": row("operator", byExecution.extend(rated), AgentExecution, {
    verb: "POST",
    path: "/api/agent-executions/{execution_id}/rate",
  }),
  /** Everything of an execution in one line, without secrets, for evaluation or fine-tuning. */
  "executions/export": row("viewer", byExecution, ExportedExecution, {
    verb: "GET",
    path: "/api/agent-executions/{execution_id}/export",
  }),

  "teams/create": row(
    "admin",
    z.strictObject({
      name: z.string().min(1),
      description: z.string().default(""),
      members: z.array(TeamMember).min(1),
      workflow_stages: z.array(WorkflowStage).min(1),
    }),
    AgentTeam,
    { verb: "POST", path: "/api/agent-teams", status: 201 },
  ),
  "teams/get": row("viewer", byTeam, AgentTeam, { verb: "GET", path: "/api/agent-teams/{team_id}" }),
  "teams/list": row("viewer", z.strictObject({ ...paging }), page(AgentTeam), {
    verb: "GET",
    path: "/api/agent-teams",
  }),
  "teams/updateMembers": row("admin", byTeam.extend({ members: z.array(TeamMember).min(1) }), AgentTeam, {
    verb: "PUT",
    path: "/api/agent-teams/{team_id}/members",
  }),
  /** Starts a run; answers at once. `team_id` is an id or a name, such as `tdd`. */
  "teams/execute": row("operator", StartRun.extend({ team_id: z.string().min(1) }), TeamRun, {
    verb: "POST",
    path: "/api/agent-teams/{team_id}/execute",
    status: 202,
  }),
  "teams/delete": row("admin", byTeam, Nothing, {
    verb: "DELETE",
    path: "/api/agent-teams/{team_id}",
    status: 204,
  }),

  "runs/get": row("viewer", byTask, RunDetails, { verb: "GET", path: "/api/team-runs/{task_id}" }),
  "runs/list": row(
    "viewer",
    z.strictObject({ status: RunStatus.optional(), ...paging }),
    page(z.strictObject({ task: Task, run: TeamRun })),
    { verb: "GET", path: "/api/team-runs" },
  ),
  /** Goes on with an interrupted or limited run from its last checkpoint. */
  "runs/resume": row("operator", byTask.extend({ options: RunOptionsPatch.default({}) }), TeamRun, {
    verb: "POST",
    path: "/api/team-runs/{task_id}/resume",
    status: 202,
  }),
  /** A new run that takes over everything before `stage` and runs the rest again. */
  "runs/retry": row(
    "operator",
    byTask.extend({
      stage: z.string(),
      options: RunOptionsPatch.default({}),
      /** What the stage is asked in place of its own instruction. */
      prompt: z.string().min(1).nullable().default(null),
    }),
    TeamRun,
    {
      verb: "POST",
      path: "/api/team-runs/{task_id}/retry",
      status: 202,
    },
  ),
  "runs/cancel": row("operator", byTask, TeamRun, { verb: "POST", path: "/api/team-runs/{task_id}/cancel" }),
  /** Rates the last execution of each stage of an ended run. */
  "runs/rate": row("operator", byTask.extend(rated), RunDetails, {
    verb: "POST",
    path: "/api/team-runs/{task_id}/rate",
  }),
  "runs/approve": row("operator", byTask.extend({ stage: z.string(), approved: z.boolean() }), TeamRun, {
    verb: "POST",
    path: "/api/team-runs/{task_id}/approve",
  }),

  "changes/get": row(
    "viewer",
    byTask.extend({ include_content: z.boolean().default(false) }),
    z.strictObject({ change_set: ChangeSet, contents: z.array(ChangeContent), diff: z.string() }),
    { verb: "GET", path: "/api/team-runs/{task_id}/changes" },
  ),
  /** Writes the change set, or some of its files, into the workspace; merges where that is clean. */
  "changes/apply": row(
    "operator",
    byTask.extend({ paths: z.array(WorkspacePath).nullable().default(null) }),
    z.strictObject({ change_set: ChangeSet, files: z.array(AppliedFile) }),
    { verb: "POST", path: "/api/team-runs/{task_id}/changes/apply" },
  ),
  /** Records what the user's editor applied itself; writes nothing. */
  "changes/decide": row(
    "operator",
    byTask.extend({ paths: z.array(WorkspacePath), decision: z.enum(["Accepted", "Edited", "Discarded"]) }),
    ChangeSet,
    { verb: "POST", path: "/api/team-runs/{task_id}/changes/decide" },
  ),
  "changes/discard": row(
    "operator",
    byTask.extend({
      paths: z.array(WorkspacePath).nullable().default(null),
      /** Why; later runs are told. */
      reason: z.string().min(1).nullable().default(null),
    }),
    ChangeSet,
    {
      verb: "POST",
      path: "/api/team-runs/{task_id}/changes/discard",
    },
  ),

  "findings/list": row(
    "viewer",
    z.strictObject({
      task_id: Uuid.optional(),
      path: WorkspacePath.optional(),
      status: FindingStatus.optional(),
      ...paging,
    }),
    page(Finding),
    { verb: "GET", path: "/api/findings" },
  ),
  "findings/dismiss": row(
    "operator",
    z.strictObject({ finding_id: Uuid, reason: z.string().min(1) }),
    Finding,
    {
      verb: "POST",
      path: "/api/findings/{finding_id}/dismiss",
    },
  ),
  "findings/resolve": row(
    "operator",
    z.strictObject({ finding_id: Uuid, status: z.enum(["Fixed", "Outdated"]) }),
    Finding,
    {
      verb: "POST",
      path: "/api/findings/{finding_id}/resolve",
    },
  ),

  "models/list": row(
    "viewer",
    z.strictObject({ reachable: z.boolean().default(false) }),
    z.strictObject({ items: z.array(ModelInfo) }),
    {
      verb: "GET",
      path: "/api/models",
    },
  ),
  /** Pulls a model into Ollama and ends when it is there; `model.pulling` tells how far it is. */
  "models/pull": row("operator", z.strictObject({ model: z.string().min(1) }), Nothing, {
    verb: "POST",
    path: "/api/models/pull",
    status: 204,
  }),
  /** Starts the built-in scripted model (once) and says how it is asked; it needs no key. */
  "models/rehearsal": row("operator", Nothing, z.strictObject({ provider: AIProvider }), {
    verb: "POST",
    path: "/api/models/rehearsal",
  }),
  /**
   * Keys of a provider from the editor's secret storage, the one to use first; none removes them.
   * They are kept in memory only, and come before those of the environment.
   */
  "credentials/set": row(
    "admin",
    z.strictObject({ provider: ProviderName, keys: z.array(z.string().min(1)) }),
    Nothing,
    { verb: "PUT", path: "/api/credentials/{provider}", status: 204 },
  ),
  /** Gives a consent for this workspace, or takes it back. */
  "consents/set": row("admin", z.strictObject({ name: ConsentName, given: z.boolean() }), Nothing, {
    verb: "PUT",
    path: "/api/consents/{name}",
    status: 204,
  }),
  "usage/today": row("viewer", Nothing, DailyUsage, { verb: "GET", path: "/api/usage/today" }),
  "runtime/status": row(
    "viewer",
    Nothing,
    z.strictObject({
      version: z.string(),
      pid: Count,
      state_folder: z.string(),
      read_only: z.boolean(),
      running_runs: Count,
      active_instances: Count,
      queued_executions: Count,
    }),
    { verb: "GET", path: "/api/status" },
  ),
} as const;

export type Method = keyof typeof contract;
/** Params as a caller writes them: what has a default may be left out. */
export type MethodInput<M extends Method> = z.input<(typeof contract)[M]["params"]>;
/** Params as a handler gets them: parsed, defaults filled in. */
export type MethodParams<M extends Method> = z.output<(typeof contract)[M]["params"]>;
export type MethodResult<M extends Method> = z.output<(typeof contract)[M]["result"]>;
