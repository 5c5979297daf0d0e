import {
  context as contexts,
  type Context,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import type { RunEvent } from "../../schemas/events.ts";
import type { ExecutionInput } from "../../schemas/execution.ts";
import { isFinalExecution } from "../../schemas/statuses.ts";
import { names, providerName } from "./names.ts";

type EventOf<Type extends RunEvent["type"]> = Extract<RunEvent, { type: Type }>;

/** A call of a model, until its answer is there. */
interface OpenChat {
  span: Span;
  startedAt: number;
  hasText: boolean;
  text: string;
}

interface OpenExecution {
  span: Span;
  chats: Map<number, OpenChat>;
}

interface OpenRun {
  span: Span;
  stages: Map<string, Span>;
  executions: Map<string, OpenExecution>;
}

/** How long a model call took, and of what. */
export interface EndedChat {
  event: EventOf<"model.usage">;
  seconds: number;
}

export interface RunSpansParts {
  tracer: Tracer;
  /** What runs are part of, such as a job of CI. */
  parent: Context;
  /** What an execution was given; `null`: prompts and answers stay here. */
  inputOf: ((executionId: string) => ExecutionInput | null) | null;
  /** Takes secrets out of content. */
  redact: (text: string) => string;
  onChat: (chat: EndedChat) => void;
}

/** Makes of a runtime's events one trace per run: run → stage → execution → model call and tool. */
export class RunSpans {
  readonly #parts: RunSpansParts;
  readonly #runs = new Map<string, OpenRun>();

  constructor(parts: RunSpansParts) {
    this.#parts = parts;
  }

  /** The span that what is said of an execution, or else of its run, belongs to. */
  contextOf(taskId: string, executionId?: string): Context {
    const run = this.#runs.get(taskId);
    const span = run?.executions.get(executionId ?? "")?.span ?? run?.span;
    return span === undefined ? contexts.active() : trace.setSpan(contexts.active(), span);
  }

  follow(event: RunEvent): void {
    switch (event.type) {
      case "run.started":
        this.#startRun(event);
        return;
      case "stage.started":
        this.#startStage(event);
        return;
      case "stage.finished":
        this.#endStage(event);
        return;
      case "execution.changed":
        this.#changeExecution(event);
        return;
      case "model.asked":
        this.#ask(event);
        return;
      case "model.text":
        this.#addText(event);
        return;
      case "model.retry":
        this.#executionOf(event)?.span.addEvent(
          "coditect.model.retry",
          { [names.provider]: providerName(event.provider), [names.requestModel]: event.model },
          new Date(event.at),
        );
        return;
      case "model.usage":
        this.#answer(event);
        return;
      case "tool.called":
        this.#callTool(event);
        return;
      case "run.finished":
        this.#endRun(event);
        return;
      default:
        return;
    }
  }

  /** Ends what is open: its runtime stops. */
  close(): void {
    for (const taskId of [...this.#runs.keys()]) this.#end(taskId, new Date());
  }

  #startRun({ at, task_id, workflow, team, runtime }: EventOf<"run.started">): void {
    this.#end(task_id, new Date(at));
    const attributes = {
      [names.operation]: "invoke_workflow",
      [names.workflow]: workflow,
      [names.conversation]: task_id,
      "coditect.team": team,
      "coditect.runtime": runtime,
    };
    const span = this.#parts.tracer.startSpan(
      `invoke_workflow ${workflow}`,
      { kind: SpanKind.INTERNAL, startTime: new Date(at), attributes },
      this.#parts.parent,
    );
    this.#runs.set(task_id, { span, stages: new Map(), executions: new Map() });
  }

  #startStage({ at, task_id, stage, agent_type, round }: EventOf<"stage.started">): void {
    const run = this.#runs.get(task_id);
    if (run === undefined) return;
    // A round that was sent back ends where the next one begins.
    run.stages.get(stage)?.end(new Date(at));
    const attributes = {
      [names.conversation]: task_id,
      "coditect.stage": stage,
      "coditect.round": round,
      "coditect.agent.type": agent_type,
    };
    run.stages.set(stage, this.#child(run.span, `stage ${stage}`, new Date(at), attributes));
  }

  #endStage({ at, task_id, stage }: EventOf<"stage.finished">): void {
    const run = this.#runs.get(task_id);
    const span = run?.stages.get(stage.name);
    if (span === undefined) return;
    span.setAttribute("coditect.stage.status", stage.status);
    if (stage.status === "Failed") span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(new Date(at));
    run?.stages.delete(stage.name);
  }

  #changeExecution({ at, task_id, execution }: EventOf<"execution.changed">): void {
    const run = this.#runs.get(task_id);
    if (run === undefined) return;
    const { execution_id, stage, agent_name, agent_type, created_at, status, error } = execution;
    const [provider = "", ...model] = execution.model.split("/");
    let open = run.executions.get(execution_id);
    if (open === undefined) {
      // An execution whose first event is its end continued in another record.
      if (isFinalExecution(status)) return;
      const attributes = {
        [names.operation]: "invoke_agent",
        [names.agentName]: agent_name,
        [names.conversation]: task_id,
        [names.provider]: providerName(provider),
        [names.requestModel]: model.join("/"),
        "coditect.agent.type": agent_type,
        "coditect.execution.id": execution_id,
        "coditect.round": execution.round,
      };
      const parent = run.stages.get(stage) ?? run.span;
      const span = this.#child(parent, `invoke_agent ${agent_name}`, new Date(created_at), attributes);
      const input = this.#parts.inputOf?.(execution_id) ?? null;
      if (input !== null) {
        const instructions = [this.#part(input.system_message ?? "")];
        span.setAttribute(names.systemInstructions, JSON.stringify(instructions));
        span.setAttribute(names.inputMessages, this.#message("user", input.prompt));
      }
      open = { span, chats: new Map() };
      run.executions.set(execution_id, open);
    }
    if (!isFinalExecution(status)) return;
    const { resource_usage: usage } = execution;
    open.span.setAttributes({
      [names.inputTokens]: usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens,
      [names.outputTokens]: usage.output_tokens,
      "coditect.execution.status": status,
      ...(usage.cost !== null && { "coditect.cost": usage.cost }),
    });
    this.#endExecution(run, execution_id, new Date(execution.completed_at ?? at), error?.code ?? null);
  }

  #ask({ at, task_id, execution_id, turn, provider, model }: EventOf<"model.asked">): void {
    const execution = this.#executionOf({ task_id, execution_id });
    if (execution === null) return;
    const attributes = {
      [names.operation]: "chat",
      [names.provider]: providerName(provider),
      [names.requestModel]: model,
      [names.conversation]: task_id,
      "coditect.turn": turn,
    };
    const startTime = new Date(at);
    const span = this.#child(execution.span, `chat ${model}`, startTime, attributes, SpanKind.CLIENT);
    execution.chats.set(turn, { span, startedAt: startTime.getTime(), hasText: false, text: "" });
  }

  #addText(event: EventOf<"model.text">): void {
    const chat = this.#executionOf(event)?.chats.get(event.turn);
    if (chat === undefined) return;
    if (!chat.hasText)
      chat.span.setAttribute(names.firstChunk, (Date.parse(event.at) - chat.startedAt) / 1000);
    chat.hasText = true;
    if (this.#parts.inputOf !== null) chat.text = event.withdrawn ? "" : chat.text + event.text;
  }

  #answer(event: EventOf<"model.usage">): void {
    const execution = this.#executionOf(event);
    const chat = execution?.chats.get(event.turn);
    if (execution === null || chat === undefined) return;
    const { usage, cost, cached, model, provider, turn } = event;
    chat.span.setAttributes({
      [names.provider]: providerName(provider),
      [names.responseModel]: model,
      [names.inputTokens]: usage.input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h,
      [names.outputTokens]: usage.output,
      [names.cacheRead]: usage.cache_read,
      [names.cacheCreation]: usage.cache_write_5m + usage.cache_write_1h,
      [names.reasoning]: usage.reasoning,
      "coditect.cached": cached,
      ...(cost !== null && { "coditect.cost": cost }),
    });
    if (chat.text !== "") chat.span.setAttribute(names.outputMessages, this.#message("assistant", chat.text));
    chat.span.end(new Date(event.at));
    execution.chats.delete(turn);
    this.#parts.onChat({ event, seconds: (Date.parse(event.at) - chat.startedAt) / 1000 });
  }

  #callTool(event: EventOf<"tool.called">): void {
    const execution = this.#executionOf(event);
    if (execution === null) return;
    const { at, tool, success, duration_ms } = event;
    const attributes = {
      [names.operation]: "execute_tool",
      [names.toolName]: tool,
      [names.toolType]: "function",
      "coditect.turn": event.turn,
    };
    const end = Date.parse(at);
    const start = new Date(end - duration_ms);
    const span = this.#child(execution.span, `execute_tool ${tool}`, start, attributes);
    if (!success) fails(span, "tool_error");
    span.end(new Date(end));
  }

  #endRun({ at, task_id, status, error }: EventOf<"run.finished">): void {
    const span = this.#runs.get(task_id)?.span;
    span?.setAttribute("coditect.run.status", status);
    if (span !== undefined && status !== "Succeeded") fails(span, error?.code ?? status);
    this.#end(task_id, new Date(at));
  }

  #end(taskId: string, at: Date): void {
    const run = this.#runs.get(taskId);
    if (run === undefined) return;
    for (const executionId of [...run.executions.keys()]) this.#endExecution(run, executionId, at, null);
    for (const stage of run.stages.values()) stage.end(at);
    run.span.end(at);
    this.#runs.delete(taskId);
  }

  /** A model call that is still open was not answered. */
  #endExecution(run: OpenRun, executionId: string, at: Date, error: string | null): void {
    const execution = run.executions.get(executionId);
    if (execution === undefined) return;
    for (const { span } of execution.chats.values()) {
      fails(span, error ?? "cancelled");
      span.end(at);
    }
    if (error !== null) fails(execution.span, error);
    execution.span.end(at);
    run.executions.delete(executionId);
  }

  #part(text: string): { type: "text"; content: string } {
    return { type: "text", content: this.#parts.redact(text) };
  }

  #message(role: string, text: string): string {
    return JSON.stringify([{ role, parts: [this.#part(text)] }]);
  }

  #executionOf({ task_id, execution_id }: { task_id: string; execution_id: string }): OpenExecution | null {
    return this.#runs.get(task_id)?.executions.get(execution_id) ?? null;
  }

  #child(
    parent: Span,
    name: string,
    startTime: Date,
    attributes: Record<string, string | number>,
    kind = SpanKind.INTERNAL,
  ): Span {
    const context = trace.setSpan(contexts.active(), parent);
    return this.#parts.tracer.startSpan(name, { kind, startTime, attributes }, context);
  }
}

const fails = (span: Span, errorType: string): void => {
  span.setAttribute(names.errorType, errorType);
  span.setStatus({ code: SpanStatusCode.ERROR });
};
