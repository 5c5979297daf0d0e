import { CoditectError, fail, toExecutionError } from "../../schemas/errors.ts";
import type { AgentExecution } from "../../schemas/execution.ts";
import { timerMs } from "../../schemas/primitives.ts";
import { cancel, failExecution, isFinished, requeue, timeOut } from "../models/execution.ts";
import { attempt, AttemptFailed, save } from "./attempt.ts";
import type { ExecutionRequest } from "./execution-request.ts";
import { promptEntry } from "./prompt.ts";
import type { RequestContext } from "./requests.ts";
import { stopOf } from "./stop.ts";
import { usageOf } from "./usage.ts";

/** Instances an execution is tried on: a second one continues where the first one died. */
const ATTEMPTS = 2;

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

/**
 * Runs an execution to its end and returns it as stored: Completed, Failed, Cancelled or TimedOut.
 * What its transcript holds already is not asked and not done again, so the same call begins a new
 * execution and resumes one whose runtime or worker was killed.
 */
export const runExecution = async (request: ExecutionRequest): Promise<AgentExecution> => {
  const { store, gateway, tools, hooks, ledger, emit, now } = request.parts;
  const { permissions, questions } = request.parts;
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
    hooks,
    permissions,
    questions: request.asksUser ? questions : null,
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
      const message = `${error.message} The work continues in another instance.`;
      emit({ type: "notice", at: now(), task_id: execution.task_id, code: error.code, message });
    }
  }
};
