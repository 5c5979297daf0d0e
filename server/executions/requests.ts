import type { AgentConfig, AIProvider, Limits } from "../../schemas/agent.ts";
import { fail } from "../../schemas/errors.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import type { AgentExecution } from "../../schemas/execution.ts";
import type { RuntimeParams, RuntimeResult } from "../../schemas/worker.ts";
import type { ToolOutcome, TranscriptEntry } from "../../schemas/transcript.ts";
import type { Charge, GatewaySignal, ModelGateway } from "../gateway/gateway.ts";
import { orAborted } from "../gateway/waiting.ts";
import type { WorkerNotifications, WorkerRequests } from "../protocol/requests.ts";
import { putFinding } from "../metrics/acceptance.ts";
import type { Hooks } from "../hooks/hooks-api.ts";
import type { Store } from "../store/store.ts";
import type { AskUser, Tools } from "../tools/tools-api.ts";
import { describeProvider } from "../models/agent.ts";
import { compactBefore } from "./compaction.ts";
import { askedOf, buildConversation } from "./conversation.ts";
import { ExecutionPermissions } from "./execution-permissions.ts";
import { toFinding } from "./findings.ts";
import type { Permissions } from "./permissions.ts";
import type { ServerQuestions } from "./server-questions.ts";
import { afterTool, refusalOf } from "./tool-hooks.ts";

/** What the answers to the requests of one execution's worker need. */
export interface RequestContext {
  execution: AgentExecution;
  agent: AgentConfig;
  /** Asked in place of the agent's own provider, if any. */
  provider: AIProvider | null;
  limits: Limits;
  /** The transcript so far; grows while the execution runs. */
  entries: TranscriptEntry[];
  /** Resolves when the last line is stored, and with it all earlier ones. */
  recorded: Promise<void>;
  /** Text of a file as the agent sees it, or null. */
  readText: (path: string) => Promise<string | null>;
  store: Store;
  gateway: ModelGateway;
  tools: Pick<Tools, "call" | "exposure">;
  hooks: Pick<Hooks, "has" | "run">;
  permissions: Pick<Permissions, "ask">;
  /** Null: nobody can be asked what tool servers want to know. */
  questions: Pick<ServerQuestions, "ask"> | null;
  emit: (event: RuntimeEvent) => void;
  now: () => string;
}

/** Appends to the transcript; resolves when the line is on disk. */
const record = (context: RequestContext, entry: TranscriptEntry): Promise<void> => {
  context.entries.push(entry);
  context.recorded = context.store.transcripts.append(context.execution.execution_id, [entry]);
  return context.recorded;
};

const tellOf =
  (context: RequestContext, turn: number) =>
  (signal: GatewaySignal): void => {
    const { execution_id, task_id } = context.execution;
    const base = { at: context.now(), task_id, execution_id };
    if (signal.type === "retry") {
      const { provider, model, reason, wait_ms } = signal;
      context.emit({ type: "model.retry", ...base, provider, model, reason, wait_ms });
    } else {
      const withdrawn = signal.type === "withdrawn";
      context.emit({ type: "model.text", ...base, turn, text: withdrawn ? "" : signal.text, withdrawn });
    }
  };

/**
 * Answers a turn. If the transcript already has the answer, returns it without asking the model, so a resumed
 * execution pays for nothing twice.
 */
const generate = async (
  context: RequestContext,
  { turn, note }: Pick<RuntimeParams<"model/generate">, "turn" | "note">,
  signal: AbortSignal,
): Promise<RuntimeResult<"model/generate">> => {
  const { entries, execution, gateway } = context;
  // Hooks may add to the outcome that this turn answers to.
  if (context.hooks.has("PostToolUse")) await context.recorded;
  const stored = entries.find((entry) => entry.type === "answer" && entry.turn === turn);
  if (stored?.type === "answer") {
    await context.recorded;
    return { message: stored.message, stop_reason: stored.stop_reason };
  }

  if (note !== null && !entries.some((entry) => entry.type === "note" && entry.turn === turn)) {
    await record(context, { type: "note", at: context.now(), turn, text: note });
  }
  const provider = context.provider ?? context.agent.provider;
  const before = compactBefore(entries, turn, gateway.contextWindow(provider));
  if (before !== null) await record(context, { type: "compacted", at: context.now(), before_turn: before });

  const charge: Charge = {
    execution_id: execution.execution_id,
    task_id: execution.task_id,
    agent: context.agent,
    provider: context.provider,
    limits: context.limits,
  };
  const { execution_id, task_id } = execution;
  const { name: asked, model: askedModel } = describeProvider(provider);
  context.emit({
    ...{ type: "model.asked", at: context.now(), task_id, execution_id, turn },
    ...{ provider: asked, model: askedModel },
  });
  const request = { ...buildConversation(entries), ...askedOf(execution.input.parameters) };
  const answer = await gateway.generate(request, charge, {
    signal,
    // The worker asks as soon as it has sent the outcome this rests on.
    ready: context.recorded,
    tell: tellOf(context, turn),
    spent: (attempt) => record(context, { type: "spent", at: context.now(), turn, ...attempt }),
    keep: (answered) => record(context, { type: "answer", at: context.now(), turn, ...answered }),
  });
  const { provider: name, model, usage, cost, cached } = answer;
  context.emit({
    type: "model.usage",
    at: context.now(),
    task_id: execution.task_id,
    execution_id: execution.execution_id,
    turn,
    provider: name,
    model,
    usage,
    cost,
    cached,
  });
  return { message: answer.message, stop_reason: answer.stop_reason };
};

const toolFinished = async (
  context: RequestContext,
  { turn, outcome: made }: RuntimeParams<"tool/finished">,
  over: AbortSignal,
): Promise<RuntimeResult<"tool/finished">> => {
  const { entries, execution } = context;
  const known = entries.some(
    (entry) => entry.type === "tool" && entry.turn === turn && entry.outcome.call_id === made.call_id,
  );
  if (known) return {};
  const store = async (outcome: ToolOutcome): Promise<ToolOutcome> => {
    await record(context, { type: "tool", at: context.now(), turn, outcome });
    return outcome;
  };
  const hasHooks = context.hooks.has("PostToolUse");
  const recording = hasHooks ? afterTool(context, made, over).then(store) : store(made);
  context.recorded = recording.then(() => undefined);
  const outcome = await recording;
  context.emit({
    type: "tool.called",
    at: context.now(),
    task_id: execution.task_id,
    execution_id: execution.execution_id,
    turn,
    tool: outcome.tool,
    success: !outcome.is_error,
    duration_ms: outcome.duration_ms,
    error: outcome.is_error ? outcome.content.slice(0, 500) : null,
  });
  return {};
};

const reportFindings = async (
  context: RequestContext,
  { operation_id, findings }: RuntimeParams<"findings/report">,
  over: AbortSignal,
): Promise<RuntimeResult<"findings/report">> => {
  const { execution, store } = context;
  const { execution_id, task_id, tenant_id } = execution;
  const origin = { execution_id, task_id, tenant_id, operation_id };
  const stored = await Promise.all(
    findings.map(async (reported, index) =>
      toFinding(reported, index, await context.readText(reported.path), origin, store, context.now()),
    ),
  );
  // Reading the files took a while.
  checkOwn(context, execution_id, over);
  await store.commit((transaction) => {
    for (const finding of stored) putFinding(transaction, finding);
  });
  for (const finding of stored) {
    context.emit({ type: "finding.reported", at: context.now(), task_id, finding });
  }
  return { ids: stored.map((finding) => finding.finding_id) };
};

/** Accepts requests of a worker only for its own execution, and only while its attempt runs. */
const checkOwn = (context: RequestContext, executionId: string, over: AbortSignal): void => {
  if (executionId !== context.execution.execution_id) {
    throw fail("instance_refused", { reason: "it spoke for another execution" });
  }
  if (over.aborted) throw fail("cancelled", { what: "The attempt" });
};

/** What answers a worker for one attempt at an execution. */
export interface WorkerAnswers {
  requests: WorkerRequests;
  notifications: WorkerNotifications;
  permissions: ExecutionPermissions;
  /**
   * Asks for the first turn before the worker does: all that goes into it is known, and the worker
   * starts while the model thinks. The worker gets the result when it asks.
   */
  askAhead: () => void;
  /** Resolves when all requests to the model have ended and their cost is stored. */
  settled: () => Promise<unknown>;
}

/**
 * The runtime's side of the worker protocol, for one attempt at an execution.
 *
 * @param over aborts when the attempt ends. Later messages of its worker then change nothing, and open
 *   requests are not awaited.
 */
export const answerWorker = (context: RequestContext, over: AbortSignal): WorkerAnswers => {
  /** By turn, so that a repeated request waits for the same answer. */
  const asked = new Map<number, Promise<RuntimeResult<"model/generate">>>();
  const ask = (turn: number, note: string | null): Promise<RuntimeResult<"model/generate">> => {
    const answer = asked.get(turn) ?? generate(context, { turn, note }, over);
    asked.set(turn, answer);
    return answer;
  };
  const permissions = new ExecutionPermissions(context.permissions, context.execution, context.agent, over);
  return {
    requests: requestsOf(context, ask, permissions, over),
    permissions,
    notifications: {
      toolStarted: ({ execution_id, turn, tool, subject, span_id }) => {
        permissions.toolStarted(tool, subject);
        const { task_id } = context.execution;
        context.emit({
          ...{ type: "tool.started", at: context.now(), task_id, execution_id, turn, tool, subject },
          ...(span_id !== undefined && { span_id }),
        });
      },
    },
    askAhead: () => {
      // When an execution resumes, the worker may have a note to send along.
      const isNew = context.entries.every(({ type }) => type === "prompt");
      if (isNew) ask(1, null).catch(() => undefined);
    },
    settled: () => Promise.allSettled(asked.values()),
  };
};

/** Asks the user what a server wants to know during a call of this execution; null: nobody can be asked. */
const askerOf = ({ questions, execution, agent }: RequestContext): AskUser | null => {
  if (questions === null) return null;
  const { execution_id, task_id } = execution;
  const { agent_type, name: agent_name } = agent;
  return (server, content, signal) =>
    questions.ask({ execution_id, task_id, agent_type, agent_name, server, ...content }, signal);
};

const requestsOf = (
  context: RequestContext,
  ask: (turn: number, note: string | null) => Promise<RuntimeResult<"model/generate">>,
  permissions: ExecutionPermissions,
  over: AbortSignal,
): WorkerRequests => ({
  "model/generate": async ({ execution_id, turn, note }, signal) => {
    checkOwn(context, execution_id, over);
    return orAborted(ask(turn, note), signal);
  },
  "tool/finished": async (params) => {
    checkOwn(context, params.execution_id, over);
    return toolFinished(context, params, over);
  },
  "tool/before": async ({ execution_id, ...call }, signal) => {
    checkOwn(context, execution_id, over);
    return { refused: await refusalOf(context, call, AbortSignal.any([signal, over])) };
  },
  "command/permit": async ({ execution_id, program, command }, signal) => {
    checkOwn(context, execution_id, over);
    return { refused: await orAborted(permissions.toStart(program, command), signal) };
  },
  "tool/call": async ({ execution_id, tool, input }, signal) => {
    checkOwn(context, execution_id, over);
    const definition = context.execution.input.tools.find(({ name }) => name === tool);
    if (definition === undefined) throw fail("not_found", { kind: "tool", id: tool });
    const { agent } = context;
    const ask = askerOf(context);
    return context.tools.call({ definition, agent, input, ask, signal: AbortSignal.any([signal, over]) });
  },
  "findings/report": async (params) => {
    checkOwn(context, params.execution_id, over);
    return reportFindings(context, params, over);
  },
});
