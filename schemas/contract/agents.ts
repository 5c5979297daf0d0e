import { z } from "zod";
import { AIProvider, AgentConfig, AgentSettings, AgentStatus, AgentType, RuntimeType } from "../agent.ts";
import { AgentExecution, ExecutionStatus } from "../execution.ts";
import { ExportedExecution } from "../export.ts";
import { AgentInstance, InstanceState, LifecycleEvent } from "../instance.ts";
import { Count, Json, Name, Uuid, WorkspacePath, patchOf } from "../primitives.ts";
import { RunOptions } from "../run.ts";
import { SharedPackage } from "../shared-package.ts";
import { TranscriptEntry } from "../transcript.ts";
import { Nothing, page, paging, rated, row } from "./row.ts";

const byAgent = z.strictObject({ agent_id: Uuid });
const byInstance = z.strictObject({ instance_id: Uuid });
const byExecution = z.strictObject({ execution_id: Uuid });

/** A request to a model as it goes over the wire; the key is replaced by `[redacted]`. */
export const SentRequest = z.strictObject({
  method: z.string(),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  body: Json,
});
export type SentRequest = z.infer<typeof SentRequest>;

/** Methods on the three documented models: agents, their instances and executions. */
export const agentMethods = {
  "agents/create": row(
    "admin",
    z.strictObject({
      name: Name,
      agent_type: AgentType,
      custom_type: AgentConfig.shape.custom_type,
      provider: AIProvider,
      /** Left out: those of its type. */
      capabilities: AgentConfig.shape.capabilities.optional(),
      settings: patchOf(AgentSettings).default({}),
    }),
    AgentConfig,
    { verb: "POST", path: "/api/agents", status: 201 },
  ),
  "agents/get": row("viewer", byAgent, AgentConfig, { verb: "GET", path: "/api/agents/{agent_id}" }),
  "agents/update": row(
    "admin",
    byAgent.extend({
      name: Name.optional(),
      custom_type: AgentConfig.shape.custom_type,
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
  /** An agent as one file, to be shared, without what belongs to this machine and its user. */
  "agents/export": row("viewer", byAgent, SharedPackage, {
    verb: "GET",
    path: "/api/agents/{agent_id}/export",
  }),
  /** Restores a default agent; the user's edits are discarded. */
  "agents/restore": row("admin", byAgent, AgentConfig, {
    verb: "POST",
    path: "/api/agents/{agent_id}/restore",
  }),
  "agents/list": row(
    "viewer",
    z.strictObject({ type: AgentType.optional(), status: AgentStatus.optional(), ...paging }),
    page(AgentConfig),
    { verb: "GET", path: "/api/agents" },
  ),

  "instances/create": row(
    "operator",
    byAgent.extend({ runtime: RuntimeType.nullable().default(null) }),
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
  /** Cancels this execution. Parallel stages finish, then the run ends; `runs/cancel` stops everything. */
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
  /** The transcript from an entry on; `next` is where to continue reading. */
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
} as const;
