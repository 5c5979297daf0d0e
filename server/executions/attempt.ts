import { z } from "zod";
import type { AgentConfig } from "../../schemas/agent.ts";
import { readCutNote } from "../../schemas/cut-note.ts";
import { toExecutionError } from "../../schemas/errors.ts";
import type { FileChange } from "../../schemas/changes.ts";
import type { AgentExecution, ContextItem, ExecutionMetadata } from "../../schemas/execution.ts";
import { shownCommand } from "../../schemas/permissions.ts";
import { Json } from "../../schemas/primitives.ts";
import { summarise } from "../../schemas/summary.ts";
import { ToolName } from "../../schemas/tools.ts";
import type { ToolOutcome } from "../../schemas/transcript.ts";
import type { WorkerParams } from "../../schemas/worker.ts";
import type { ClaimedInstance } from "../instances/pool.ts";
import { complete, failExecution, isFinished, markRunning, start, totalTokens } from "../models/execution.ts";
import { finishedTurns } from "./conversation.ts";
import type { ExecutionRequest, ProvingGround } from "./execution-request.ts";
import type { ExecutionPermissions } from "./execution-permissions.ts";
import { withGiven } from "./given-exposure.ts";
import { offeredPrefix, READ_RESOURCE } from "../tools/offered-name.ts";
import { answerWorker, type RequestContext } from "./requests.ts";
import { openedFiles } from "./opened-files.ts";
import { checkRights } from "./rights.ts";
import { testsIn } from "./run-tests.ts";
import { usageOf } from "./usage.ts";

/** Stores the execution, then emits its event. No event comes before its record is on disk. */
export const save = async (request: ExecutionRequest, execution: AgentExecution): Promise<AgentExecution> => {
  const { store, ledger, emit, now } = request.parts;
  await store.commit((transaction) => {
    transaction.put("executions", execution);
    if (isFinished(execution)) ledger.settle(transaction, execution.execution_id);
  });
  const { task_id } = execution;
  emit({ type: "execution.changed", at: now(), task_id, execution: summarise(execution) });
  return execution;
};

/**
 * The parts of files that the agent gets with its task, so that it cannot replace lines that it never saw.
 */
const shownFiles = (context: readonly ContextItem[]): WorkerParams<"execution/run">["shown"] =>
  context
    .filter(({ context_type }) => context_type !== "PreviousResult" && context_type !== "ApiResponse")
    .map(({ name, content }) => ({ path: name, last_line: readCutNote(content)?.last ?? null }));

/** The content of the private copy. */
const copyOf = (
  request: ExecutionRequest,
  changes: readonly FileChange[],
): WorkerParams<"workspace/prepare"> => {
  const { execution, start, claim, parts } = request;
  const paths = parts.permissions.opened(execution.task_id);
  const opened = openedFiles(claim.workspace, paths);
  return {
    overlays: [...start.overlays],
    changes: [...changes],
    ...(opened.length > 0 && { opened }),
  };
};

/** See {@link ProvingGround.openFile}. */
const openFile = async (
  { execution, charge, claim, parts }: ExecutionRequest,
  { path, command }: { path: string; command: string },
  signal: AbortSignal,
): Promise<boolean> => {
  const { permissions } = parts;
  const { execution_id, task_id } = execution;
  if (permissions.opened(task_id).includes(path) || openedFiles(claim.workspace, [path]).length === 0)
    return false;
  const { agent_type, name: agent_name } = charge.agent;
  const agent = { execution_id, task_id, agent_type, agent_name };
  const asked = { ...agent, kind: "file" as const, name: path, command: shownCommand(command) };
  const decision = await permissions.ask(asked, signal);
  return decision === "allow_once" || decision === "allow_always";
};

const provingGround = (
  request: ExecutionRequest,
  instance: ClaimedInstance,
  signal: AbortSignal,
): ProvingGround => ({
  prepare: async (changes) => {
    await instance.call("workspace/prepare", copyOf(request, changes), signal);
  },
  ...(request.asksUser && {
    openFile: (path: string, command: string) => openFile(request, { path, command }, signal),
  }),
  runTests: testsIn(
    instance,
    {
      command: request.execution.input.parameters.test_command,
      timeout: request.test_timeout_seconds,
      startSpan: () => request.parts.traces?.startTests(request.execution) ?? null,
    },
    signal,
  ),
});

/**
 * The execution with a list of what its private copy lacks. An earlier attempt may have recorded it already.
 */
const withLeftOut = (
  execution: AgentExecution,
  leftOut: readonly { path: string; reason: string }[],
): AgentExecution => {
  const { metadata } = execution;
  const known = new Set(metadata.context_left_out.map(({ name }) => name));
  const added = leftOut
    .filter(({ path }) => !known.has(path))
    .map(({ path, reason }) => ({ name: path, reason: `It is not in the private copy: ${reason}` }));
  return {
    ...execution,
    metadata: { ...metadata, context_left_out: [...metadata.context_left_out, ...added] },
  };
};

/** One attempt on one instance, from claim to release. */
export const attempt = async (
  request: ExecutionRequest,
  queued: AgentExecution,
  context: RequestContext,
  signal: AbortSignal,
): Promise<AgentExecution> => {
  const over = new AbortController();
  const answers = answerWorker(context, AbortSignal.any([signal, over.signal]));
  const { requests, notifications, permissions } = answers;
  const isPaid = context.entries.some(({ type }) => type === "answer");
  const preflight = isPaid ? null : request.preflight;
  // No model is asked before a check that may end the run.
  const onStarted = preflight === null ? answers.askAhead : () => undefined;
  const usedBefore = usageOf(context.entries);
  let execution = queued;
  /** Ends the attempt. The model calls so far have a price and count. */
  const failedWith = async (
    error: unknown,
    consumed: { cpu_seconds: number; peak_memory_mb: number },
  ): Promise<AttemptFailed> => {
    over.abort();
    await answers.settled();
    return new AttemptFailed(error, {
      ...execution,
      metadata: { ...execution.metadata, ...metIn(context, permissions) },
      resource_usage: { ...usageOf(context.entries), ...consumed },
    });
  };
  const { claim, charge, start: starting } = request;
  const { pool, now } = request.parts;
  const { agent } = charge;
  const { task_id } = queued;
  const instance = await pool
    .claim({
      ...{ ...claim, requests, notifications, onStarted, agent, task_id, signal },
      ...(request.asksUser && {
        toConnect: (host: string, port: number) => permissions.toConnect(host, port),
      }),
    })
    .catch(async (error: unknown) => {
      const { cpu_seconds, peak_memory_mb } = queued.resource_usage;
      throw await failedWith(error, { cpu_seconds, peak_memory_mb });
    });
  try {
    execution = await save(request, start(execution, instance.record().instance_id, now()));
    const { changes } = starting;
    const { left_out } = await instance.call("workspace/prepare", copyOf(request, changes), signal);
    execution = await save(request, markRunning(withLeftOut(execution, left_out)));
    if (preflight !== null) {
      await preflight(provingGround(request, instance, signal));
      await instance.call("workspace/prepare", copyOf(request, changes), signal);
    }
    const { parameters, tools } = execution.input;
    const { write_access, test_command, max_turns } = parameters;
    const names = tools.map(({ name }) => name);
    const trace = request.parts.traces?.contextOf(execution) ?? null;
    const loop = await instance.call(
      "execution/run",
      {
        execution_id: execution.execution_id,
        agent_type: agent.agent_type,
        tools: names.filter((name) => ToolName.safeParse(name).success).map((name) => ToolName.parse(name)),
        external_tools: names.filter((name) => !ToolName.safeParse(name).success),
        write_access,
        test_command,
        shown: shownFiles(execution.input.context),
        known_failures: [...request.knownFailures()],
        max_turns,
        ...(context.hooks.has("PreToolUse") && { asks_before_tools: true }),
        ...(request.asksUser && { asks_for_commands: true }),
        ...(trace !== null && { trace }),
        history: finishedTurns(context.entries),
      },
      signal,
    );
    permissions.loopEnded();
    const changed = await instance.call("workspace/changes", { write_access }, signal);
    const { readText } = starting;
    const layout = await starting.layout();
    const handed = { changes: changed.changes, given: changes, access: write_access, readText, layout };
    await checkRights(handed);
    const conclusion = await request.conclude({
      loop,
      changes: changed.changes,
      ground: provingGround(request, instance, signal),
      execution,
      entries: context.entries,
    });
    const { gates, output, change_set_id, refused, attempt } = conclusion;
    const done: AgentExecution = {
      ...execution,
      metadata: {
        ...execution.metadata,
        ...{ gates, change_set_id, ...metIn(context, permissions) },
        ...(attempt !== undefined && { attempt }),
      },
      resource_usage: { ...usageOf(context.entries), ...instance.consumed() },
    };
    const ended =
      refused === null
        ? complete(done, output, now())
        : { ...failExecution(done, toExecutionError(refused), now()), output };
    return await save(request, ended);
  } catch (error) {
    throw await failedWith(error, instance.consumed());
  } finally {
    over.abort();
    const used = usageOf(context.entries);
    instance.addUsage({
      tokens: totalTokens(used) - totalTokens(usedBefore),
      api_calls: used.api_calls - usedBefore.api_calls,
      cost: used.cost === null ? null : used.cost - (usedBefore.cost ?? 0),
    });
    await instance.release();
  }
};

/** Continues with what the execution reached in a failed attempt. */
export class AttemptFailed extends Error {
  readonly execution: AgentExecution;
  constructor(cause: unknown, execution: AgentExecution) {
    super("attempt failed", { cause });
    this.execution = execution;
  }
}

/** What the transcript says about the models that an execution asked, and about its exposure. */
const metIn = (
  { execution, entries, tools, agent }: RequestContext,
  { hasConnected }: ExecutionPermissions,
): Pick<ExecutionMetadata, "answered_by" | "exposure"> => {
  const models = entries.flatMap((entry) =>
    entry.type === "answer" ? [`${entry.provider}/${entry.model}`] : [],
  );
  const called = entries.flatMap((entry) =>
    entry.type === "tool" ? [calledTool(entry.outcome, agent)] : [],
  );
  const exposure = withGiven(tools.exposure(agent, called), execution.input.context);
  return {
    answered_by: [...new Set(models)],
    exposure: { ...exposure, acts_outwardly: exposure.acts_outwardly || hasConnected },
  };
};

/** Tools that read a text of a server. Their input names the server. */
const readsServer: ReadonlySet<string> = new Set([READ_RESOURCE, "get_prompt"]);

/** The function of a tool. The agent's own file may offer a function of the runtime under another name. */
const functionOf = (tool: string, { settings }: AgentConfig): string => {
  const handler = settings.tool_definitions.find(({ name }) => name === tool)?.handler;
  return handler !== undefined && "Internal" in handler ? handler.Internal.function : tool;
};

/**
 * Another tool calls a tool that was found, and names it in its input. The same applies to a server that is
 * read.
 */
const calledTool = ({ tool, input }: Pick<ToolOutcome, "tool" | "input">, agent: AgentConfig): string => {
  const called = functionOf(tool, agent);
  const read = readsServer.has(called) ? z.object({ server: z.string() }).safeParse(input).data : undefined;
  if (read !== undefined) return `${offeredPrefix(read.server)}${called}`;
  if (called !== "call_tool") return tool;
  const found = z.object({ name: z.string(), input: Json.default({}) }).safeParse(input).data;
  return found === undefined ? tool : calledTool({ tool: found.name, input: found.input }, agent);
};
