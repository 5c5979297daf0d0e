import type { FileChange } from "../../schemas/changes.ts";
import { fail } from "../../schemas/errors.ts";
import type { AssistantMessage, ToolCallPart } from "../../schemas/messages.ts";
import { callSubject, toolTable } from "../../schemas/tools.ts";
import type { ToolOutcome } from "../../schemas/transcript.ts";
import type { FinishedTurn, LoopResult, RuntimeResult, WorkerParams } from "../../schemas/worker.ts";
import { closedBy, recordChange, type PrivateCopy } from "./copy/copy.ts";
import { writeChange } from "./copy/files.ts";
import { loopGuard } from "./guard.ts";
import type { RuntimeLink } from "../protocol/runtime-link.ts";
import { callTool } from "./tools/call-tool.ts";
import { fileViews, type FileViews } from "./tools/file-views.ts";
import { readArguments } from "./tools/read-arguments.ts";
import { refused, type Workplace } from "./tools/tool.ts";
import { childSpan, withinTrace } from "./trace.ts";

/**
 * Runs the agent's loop. Each turn gets an answer of the model and makes its tool calls in order, until the model
 * calls `finish`, its turns are used up, or it makes no progress. Each outcome is on the runtime's disk before the
 * next call begins or the next answer arrives. Calls in `history` are taken over and not repeated. Protocol:
 * `execution/run`. Errors: those of the runtime's answers; `cancelled`.
 */
export const runLoop = async (
  execution: WorkerParams<"execution/run">,
  workplace: Workplace,
  signal: AbortSignal,
): Promise<LoopResult> => {
  const guard = loopGuard();
  const views = fileViews(execution.shown);
  const past = new Map(execution.history.map((turn) => [turn.turn, turn]));
  /** Settles when the last outcome is on the runtime's disk. */
  let checkpoint: Promise<void> = Promise.resolve();
  for (let turn = 1; turn <= execution.max_turns; turn += 1) {
    const stored = past.get(turn);
    const note = guard.takeNote();
    // This is requested while the checkpoint is being written. The runtime begins when that is done.
    const asked = stored ?? answer(execution, turn, note, workplace.runtime, signal);
    const [{ message, stop_reason }] = await Promise.all([asked, checkpoint]);
    const calls = message.content.filter((part) => part.type === "tool_call");
    const talked = calls.length === 0 ? guard.sawTalk(stop_reason) : "go on";
    if (talked !== "go on") return gaveUp(talked, turn, textOf(message));
    for (const [index, call] of calls.entries()) {
      await checkpoint;
      const made = await outcomeOf(call, index, stored, { execution, turn, workplace, views, signal });
      ({ checkpoint } = made);
      views.saw(made.outcome);
      const isRepeated = guard.sawOutcome(made.outcome) === "repeated";
      const ending = isRepeated
        ? gaveUp("repeated", turn, textOf(message))
        : finishOf(call, turn, made.outcome);
      if (ending === null) continue;
      await checkpoint;
      return ending;
    }
  }
  await checkpoint;
  return gaveUp("turn_limit", execution.max_turns, "");
};

const answer = async (
  { execution_id }: WorkerParams<"execution/run">,
  turn: number,
  note: string | null,
  runtime: RuntimeLink,
  signal: AbortSignal,
): Promise<RuntimeResult<"model/generate">> => {
  if (signal.aborted) throw fail("cancelled", { what: "the execution" });
  return runtime.generate({ execution_id, turn, note }, signal);
};

interface CallContext {
  execution: WorkerParams<"execution/run">;
  turn: number;
  workplace: Workplace;
  views: FileViews;
  signal: AbortSignal;
}

/**
 * The stored outcome of a call, after its files were restored. If there is none, makes the call and sends its
 * outcome to be stored.
 */
const outcomeOf = async (
  call: ToolCallPart,
  index: number,
  stored: FinishedTurn | undefined,
  { execution, turn, workplace, views, signal }: CallContext,
): Promise<{ outcome: ToolOutcome; checkpoint: Promise<void> }> => {
  const known = stored?.outcomes[index];
  if (known !== undefined) {
    for (const change of known.changes) restore(workplace.copy, change);
    return { outcome: known, checkpoint: Promise.resolve() };
  }
  if (signal.aborted) throw fail("cancelled", { what: "the execution" });
  const { execution_id } = execution;
  const { runtime } = workplace;
  const span = childSpan(execution.trace);
  runtime.toolStarted({
    ...{ execution_id, turn, tool: call.tool, subject: callSubject(call.arguments) },
    ...(span !== null && { span_id: span.span_id }),
  });
  const started = performance.now();
  const operation_id = `${turn}:${call.call_id}`;
  const refusal =
    execution.asks_before_tools === true ? await askFirst(call, execution_id, runtime, signal) : null;
  const result =
    refusal === null
      ? await withinTrace(span?.trace, () =>
          callTool(call, { ...workplace, execution, views, signal, operation_id }),
        )
      : refused(refusal);
  const outcome: ToolOutcome = {
    call_id: call.call_id,
    tool: call.tool,
    input: call.arguments,
    ...result,
    duration_ms: Math.round(performance.now() - started),
  };
  return { outcome, checkpoint: runtime.toolFinished({ execution_id, turn, outcome }, signal) };
};

/** Why the runtime does not allow the tool call; null if it does. */
const askFirst = async (
  { call_id, tool, arguments: input }: ToolCallPart,
  execution_id: string,
  runtime: RuntimeLink,
  signal: AbortSignal,
): Promise<string | null> =>
  (await runtime.beforeTool({ execution_id, call_id, tool, input }, signal)).refused;

const restore = (copy: PrivateCopy, change: FileChange): void => {
  if (closedBy(copy, change.path) !== null) return;
  writeChange(copy.root, change);
  recordChange(copy, change);
};

const finishOf = (call: ToolCallPart, turn: number, { is_error }: ToolOutcome): LoopResult | null => {
  if (call.tool !== "finish" || is_error) return null;
  const read = readArguments(toolTable.finish.arguments, call.arguments);
  // The tool read the same arguments before and found no fault.
  if (!read.success) throw read.error;
  const { summary, reasoning, confidence, completeness } = read.data;
  return {
    outcome: "finished",
    summary,
    reasoning: reasoning ?? null,
    confidence,
    completeness,
    turns: turn,
  };
};

/** The result of an agent that did not finish. Its last words become the summary, without any claims. */
const gaveUp = (
  outcome: Exclude<LoopResult["outcome"], "finished">,
  turns: number,
  summary: string,
): LoopResult => ({ outcome, summary, reasoning: null, confidence: 0, completeness: 0, turns });

const textOf = (message: AssistantMessage): string =>
  message.content
    .filter((part) => part.type === "text")
    .map((part) => part.text)
    .join("\n")
    .trim();
