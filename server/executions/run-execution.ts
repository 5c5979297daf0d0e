import { z } from "zod";
import type { FileChange } from "../../schemas/changes.ts";
import { readCutNote } from "../../schemas/cut-note.ts";
import { CoditectError, fail, toExecutionError } from "../../schemas/errors.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import { timerMs } from "../../schemas/primitives.ts";
import { summarise } from "../../schemas/summary.ts";
import type {
  AgentExecution,
  ContextItem,
  ExecutionMetadata,
  ExecutionOutput,
} from "../../schemas/execution.ts";
import type { GateProof } from "../../schemas/gates.ts";
import type { Overlay } from "../../schemas/run.ts";
import type { TestProbe, TestReport } from "../../schemas/tests.ts";
import type { ToolOutcome, TranscriptEntry } from "../../schemas/transcript.ts";
import { ToolName } from "../../schemas/tools.ts";
import type { LoopResult, WorkerParams } from "../../schemas/worker.ts";
import type { Charge, ModelGateway } from "../gateway/gateway.ts";
import type { ClaimedInstance, ClaimRequest, Pool } from "../instances/pool.ts";
import {
  cancel,
  complete,
  failExecution,
  isFinished,
  markRunning,
  requeue,
  start,
  timeOut,
  totalTokens,
} from "../models/execution.ts";
import type { Store } from "../store/store.ts";
import type { Tools } from "../tools/tools-api.ts";
import { finishedTurns } from "./conversation.ts";
import { promptEntry } from "./prompt.ts";
import type { Ledger } from "./ledger.ts";
import { answerWorker, type RequestContext } from "./requests.ts";
import { withGiven } from "./given-exposure.ts";
import { checkRights } from "./rights.ts";
import { stopOf } from "./stop.ts";
import { usageOf } from "./usage.ts";

/** Instances an execution is tried on: a second one goes on where the first one died. */
const ATTEMPTS = 2;

/** Which tests are run, and how it differs from an ordinary run; `name`: only tests called so. */
interface TestsWanted extends Pick<WorkerParams<"tests/run">, "files" | "coverage"> {
  name?: string;
  probe?: TestProbe;
}

/** A private copy in which gates are proven: any state of the workspace, and the project's tests. */
export interface ProvingGround {
  /** Makes the copy equal to the workspace with these changes, and nothing else. */
  prepare(changes: readonly FileChange[]): Promise<void>;
  runTests(request: TestsWanted): Promise<TestReport>;
}

/** What the runtime concludes from a finished loop: the proofs and the output that rests on them. */
export interface Conclusion {
  gates: GateProof[];
  output: ExecutionOutput;
  change_set_id: string | null;
  /** Why the work is refused although the agent came to an end: a gate, or it gave up. */
  refused: CoditectError | null;
}

/** A loop that came to its end, and what the work is judged by. */
export interface FinishedLoop {
  loop: LoopResult;
  /** What the agent changed, from the user's workspace. */
  changes: readonly FileChange[];
  ground: ProvingGround;
  /** As it runs. */
  execution: AgentExecution;
  entries: readonly TranscriptEntry[];
}

/** The parts of the runtime that executions are run with. */
export interface ExecutionParts {
  store: Store;
  pool: Pool;
  gateway: ModelGateway;
  tools: Pick<Tools, "call" | "exposure">;
  ledger: Pick<Ledger, "recall" | "settle">;
  emit: (event: RuntimeEvent) => void;
  now: () => string;
}

/** The workspace as the agent finds it. */
interface StartingState {
  overlays: readonly Overlay[];
  /** From the user's workspace. */
  changes: readonly FileChange[];
  /** Text of a file as the agent sees it, or null. */
  readText: (path: string) => Promise<string | null>;
}

export interface ExecutionRequest {
  parts: ExecutionParts;
  /** Stored, and not finished. */
  execution: AgentExecution;
  /** Who works, and who pays for it. */
  charge: Charge;
  start: StartingState;
  claim: Pick<ClaimRequest, "workspace" | "runtime" | "image" | "priority" | "onQueued">;
  test_timeout_seconds: number;
  /**
   * Sees, before a model is asked, whether the work can be judged at all; rejects if not. Null: there
   * is nothing to see. It may leave the copy in any state.
   */
  preflight: ((ground: ProvingGround) => Promise<void>) | null;
  /** Tests that failed before the run, as far as that is measured by now. */
  knownFailures: () => readonly string[];
  /** Its reason may be a {@link Stop}: `interrupted` leaves the execution as it is. */
  signal: AbortSignal;
  /** Proves the gates on the instance that did the work, and makes the output. */
  conclude(finished: FinishedLoop): Promise<Conclusion>;
}

/** The stored form of why an execution ended; a cancel is an end of its own. */
const end = (execution: AgentExecution, error: CoditectError, now: string): AgentExecution => {
  if (error.code === "cancelled") return cancel(execution, now);
  if (error.code === "timed_out") return timeOut(execution, toExecutionError(error), now);
  return failExecution(execution, toExecutionError(error), now);
};

/** Any failure as an error of the catalogue; what is not one is a defect, and is not swallowed. */
const asCoditectError = (error: unknown, request: ExecutionRequest, deadline: AbortSignal): CoditectError => {
  if (request.signal.aborted) return fail("cancelled", { what: `The work of ${request.charge.agent.name}` });
  if (deadline.aborted) {
    const seconds = request.execution.input.parameters.timeout_seconds;
    return fail("timed_out", { what: `The work of ${request.charge.agent.name}`, seconds });
  }
  if (error instanceof CoditectError) return error;
  throw error;
};

/** Stores the execution and tells of it; nothing is told that is not on disk. */
const save = async (request: ExecutionRequest, execution: AgentExecution): Promise<AgentExecution> => {
  const { store, ledger, emit, now } = request.parts;
  await store.commit((transaction) => {
    transaction.put("executions", execution);
    if (isFinished(execution)) ledger.settle(transaction, execution.execution_id);
  });
  const { task_id } = execution;
  emit({ type: "execution.changed", at: now(), task_id, execution: summarise(execution) });
  return execution;
};

/** What of files the agent is given with its task, so that it cannot replace lines it never saw. */
const shownFiles = (context: readonly ContextItem[]): WorkerParams<"execution/run">["shown"] =>
  context
    .filter(({ context_type }) => context_type !== "PreviousResult" && context_type !== "ApiResponse")
    .map(({ name, content }) => ({ path: name, last_line: readCutNote(content)?.last ?? null }));

const provingGround = (
  request: ExecutionRequest,
  instance: ClaimedInstance,
  signal: AbortSignal,
): ProvingGround => ({
  prepare: async (changes) => {
    const { overlays } = request.start;
    await instance.call("workspace/prepare", { overlays: [...overlays], changes: [...changes] }, signal);
  },
  runTests: ({ files, coverage, name, probe }) =>
    instance.call(
      "tests/run",
      {
        files,
        coverage,
        name: name ?? null,
        ...(probe === undefined ? {} : { probe }),
        command: request.execution.input.parameters.test_command,
        timeout_seconds: request.test_timeout_seconds,
      },
      signal,
    ),
});

/** One attempt on one instance, from claim to release. */
const attempt = async (
  request: ExecutionRequest,
  queued: AgentExecution,
  context: RequestContext,
  signal: AbortSignal,
): Promise<AgentExecution> => {
  const over = new AbortController();
  const answers = answerWorker(context, AbortSignal.any([signal, over.signal]));
  const { requests, notifications } = answers;
  const isPaid = context.entries.some(({ type }) => type === "answer");
  const preflight = isPaid ? null : request.preflight;
  // Nothing is asked ahead of a look that may end the run.
  const onStarted = preflight === null ? answers.askAhead : () => undefined;
  const usedBefore = usageOf(context.entries);
  let execution = queued;
  /** Ends the attempt: what the model was asked for until now has its price, and is counted. */
  const failedWith = async (
    error: unknown,
    consumed: { cpu_seconds: number; peak_memory_mb: number },
  ): Promise<AttemptFailed> => {
    over.abort();
    await answers.settled();
    return new AttemptFailed(error, {
      ...execution,
      metadata: { ...execution.metadata, ...metIn(context) },
      resource_usage: { ...usageOf(context.entries), ...consumed },
    });
  };
  const { claim, charge, start: starting } = request;
  const { pool, now } = request.parts;
  const { agent } = charge;
  const { task_id } = queued;
  const instance = await pool
    .claim({ ...claim, requests, notifications, onStarted, agent, task_id, signal })
    .catch(async (error: unknown) => {
      const { cpu_seconds, peak_memory_mb } = queued.resource_usage;
      throw await failedWith(error, { cpu_seconds, peak_memory_mb });
    });
  try {
    execution = await save(request, start(execution, instance.record().instance_id, now()));
    const { overlays, changes } = starting;
    await instance.call("workspace/prepare", { overlays: [...overlays], changes: [...changes] }, signal);
    execution = await save(request, markRunning(execution));
    if (preflight !== null) {
      await preflight(provingGround(request, instance, signal));
      await instance.call("workspace/prepare", { overlays: [...overlays], changes: [...changes] }, signal);
    }
    const { parameters, tools } = execution.input;
    const { write_access, test_command, max_turns } = parameters;
    const names = tools.map(({ name }) => name);
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
        history: finishedTurns(context.entries),
      },
      signal,
    );
    const changed = await instance.call("workspace/changes", { write_access }, signal);
    const { readText } = starting;
    await checkRights({ changes: changed.changes, given: changes, access: write_access, readText });
    const conclusion = await request.conclude({
      loop,
      changes: changed.changes,
      ground: provingGround(request, instance, signal),
      execution,
      entries: context.entries,
    });
    const { gates, output, change_set_id, refused } = conclusion;
    const done: AgentExecution = {
      ...execution,
      metadata: { ...execution.metadata, gates, change_set_id, ...metIn(context) },
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

/** Carries the execution as far as it came out of a failed attempt. */
class AttemptFailed extends Error {
  readonly execution: AgentExecution;
  constructor(cause: unknown, execution: AgentExecution) {
    super("attempt failed", { cause });
    this.execution = execution;
  }
}

/** What the transcript says of whom an execution asked, and of what it has met. */
const metIn = ({
  execution,
  entries,
  tools,
  agent,
}: RequestContext): Pick<ExecutionMetadata, "answered_by" | "exposure"> => {
  const models = entries.flatMap((entry) =>
    entry.type === "answer" ? [`${entry.provider}/${entry.model}`] : [],
  );
  const called = entries.flatMap((entry) => (entry.type === "tool" ? [calledTool(entry.outcome)] : []));
  return {
    answered_by: [...new Set(models)],
    exposure: withGiven(tools.exposure(agent, called), execution.input.context),
  };
};

/** A tool that was found is called by another one, in whose input it is named. */
const calledTool = ({ tool, input }: ToolOutcome): string => {
  const found = tool === "call_tool" ? z.object({ name: z.string() }).safeParse(input).data : undefined;
  return found?.name ?? tool;
};

/**
 * Runs an execution to its end and returns it as stored: Completed, Failed, Cancelled or TimedOut.
 * What its transcript holds already is not asked and not done again, so the same call begins a new
 * execution and goes on with one whose runtime or worker was killed.
 */
export const runExecution = async (request: ExecutionRequest): Promise<AgentExecution> => {
  const { store, gateway, tools, ledger, emit, now } = request.parts;
  const { agent, provider, limits } = request.charge;
  const deadline = AbortSignal.timeout(timerMs(request.execution.input.parameters.timeout_seconds * 1000));
  const signal = AbortSignal.any([request.signal, deadline]);
  gateway.prepare(provider ?? agent.provider);
  const entries = await store.transcripts.read(request.execution.execution_id);
  let execution = request.execution.status === "Queued" ? request.execution : requeue(request.execution);
  const context: RequestContext = {
    execution,
    entries,
    recorded: Promise.resolve(),
    store,
    gateway,
    tools,
    agent,
    provider,
    limits,
    readText: request.start.readText,
    emit,
    now,
  };
  if (entries.some(({ type }) => type === "prompt")) {
    // What a killed runtime had used by then counts against the caps.
    ledger.recall(execution, entries);
    execution = await save(request, { ...execution, resource_usage: usageOf(entries) });
  } else {
    const { input } = execution;
    const prompt = promptEntry(input, now());
    entries.push(prompt);
    await store.transcripts.append(execution.execution_id, [prompt]);
  }

  for (let round = 1; ; round++) {
    try {
      return await attempt(request, execution, context, signal);
    } catch (thrown) {
      if (stopOf(request.signal)?.kind === "interrupted") throw thrown;
      const failed = thrown instanceof AttemptFailed ? thrown : new AttemptFailed(thrown, execution);
      const error = asCoditectError(failed.cause, request, deadline);
      if (isFinished(failed.execution)) return failed.execution;
      if (error.code !== "worker_died" || round === ATTEMPTS) {
        const ended = end(failed.execution, error, now());
        const last = { type: "end" as const, at: now(), status: ended.status, message: error.message };
        await store.transcripts.append(ended.execution_id, [last]);
        return await save(request, ended);
      }
      execution = await save(request, requeue(failed.execution));
      const message = `${error.message} The work goes on in another instance.`;
      emit({ type: "notice", at: now(), task_id: execution.task_id, code: error.code, message });
    }
  }
};
