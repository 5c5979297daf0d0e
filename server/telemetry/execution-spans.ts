import { type Span, SpanKind } from "@opentelemetry/api";
import type { RunEvent } from "../../schemas/events.ts";
import type { ExecutionInput } from "../../schemas/execution.ts";
import type { TestReport } from "../../schemas/tests.ts";
import { names, providerName, testStatuses } from "./names.ts";
import { fails, type SpanMaker } from "./span-maker.ts";
import { traceContextOf } from "./trace-context.ts";
import type { TestSpan } from "../executions/traces.ts";

export type EventOf<Type extends RunEvent["type"]> = Extract<RunEvent, { type: Type }>;

/** A call of a model, until its answer is there. */
interface OpenChat {
  span: Span;
  startedAt: number;
  hasText: boolean;
  text: string;
}

/** How long a model call took, and of what. */
export interface EndedChat {
  event: EventOf<"model.usage">;
  seconds: number;
}

export interface ExecutionSpansParts {
  maker: SpanMaker;
  /** Whether prompts and answers may leave this machine. */
  withContent: boolean;
  /** Takes secrets out of content. */
  redact: (text: string) => string;
  onChat: (chat: EndedChat) => void;
}

/** The span of an execution, and below it those of its model calls, its tools and the runtime's test runs. */
export class ExecutionSpans {
  readonly span: Span;
  readonly #parts: ExecutionSpansParts;
  readonly #chats = new Map<number, OpenChat>();
  readonly #tests = new Set<Span>();
  /** What the worker called the span of the tool that runs; an agent's tools run one after the other. */
  #toolSpanId: string | undefined;

  constructor(span: Span, parts: ExecutionSpansParts) {
    this.span = span;
    this.#parts = parts;
  }

  tellInput({ system_message, prompt }: ExecutionInput): void {
    const instructions = [this.#part(system_message ?? "")];
    this.span.setAttribute(names.systemInstructions, JSON.stringify(instructions));
    this.span.setAttribute(names.inputMessages, this.#message("user", prompt));
  }

  ask({ at, task_id, turn, provider, model }: EventOf<"model.asked">): void {
    const attributes = {
      [names.operation]: "chat",
      [names.provider]: providerName(provider),
      [names.requestModel]: model,
      [names.conversation]: task_id,
      "coditect.turn": turn,
    };
    const startTime = new Date(at);
    const request = { name: `chat ${model}`, startTime, attributes, kind: SpanKind.CLIENT };
    const span = this.#parts.maker.below(this.span, request);
    this.#chats.set(turn, { span, startedAt: startTime.getTime(), hasText: false, text: "" });
  }

  addText(event: EventOf<"model.text">): void {
    const chat = this.#chats.get(event.turn);
    if (chat === undefined) return;
    if (!chat.hasText)
      chat.span.setAttribute(names.firstChunk, (Date.parse(event.at) - chat.startedAt) / 1000);
    chat.hasText = true;
    if (this.#parts.withContent) chat.text = event.withdrawn ? "" : chat.text + event.text;
  }

  retry({ at, provider, model }: EventOf<"model.retry">): void {
    const attributes = { [names.provider]: providerName(provider), [names.requestModel]: model };
    this.span.addEvent("coditect.model.retry", attributes, new Date(at));
  }

  answer(event: EventOf<"model.usage">): void {
    const chat = this.#chats.get(event.turn);
    if (chat === undefined) return;
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
    this.#chats.delete(turn);
    this.#parts.onChat({ event, seconds: (Date.parse(event.at) - chat.startedAt) / 1000 });
  }

  startTool({ span_id }: EventOf<"tool.started">): void {
    this.#toolSpanId = span_id;
  }

  callTool({ at, tool, turn, success, duration_ms }: EventOf<"tool.called">): void {
    const attributes = {
      [names.operation]: "execute_tool",
      [names.toolName]: tool,
      [names.toolType]: "function",
      "coditect.turn": turn,
    };
    const end = Date.parse(at);
    const startTime = new Date(end - duration_ms);
    const request = { name: `execute_tool ${tool}`, startTime, attributes, id: this.#toolSpanId };
    this.#toolSpanId = undefined;
    const span = this.#parts.maker.below(this.span, request);
    if (!success) fails(span, "tool_error");
    span.end(new Date(end));
  }

  /** Begins a run of the tests by the runtime, such as a gate's. */
  startTests(): TestSpan | null {
    const request = { name: "run_tests", startTime: new Date(), attributes: {} };
    const span = this.#parts.maker.below(this.span, request);
    const trace = traceContextOf(span);
    if (trace === null) return null;
    this.#tests.add(span);
    return {
      trace,
      end: (report) => {
        if (!this.#tests.delete(span)) return;
        if (report === null) fails(span, "cancelled");
        else tellReport(span, report);
        span.end();
      },
    };
  }

  /** Ends what is open below it, too: a model call without an answer, and a test run without a report. */
  end(at: Date, error: string | null): void {
    for (const span of [...this.#tests, ...[...this.#chats.values()].map((chat) => chat.span)]) {
      fails(span, error ?? "cancelled");
      span.end(at);
    }
    this.#tests.clear();
    this.#chats.clear();
    if (error !== null) fails(this.span, error);
    this.span.end(at);
  }

  #part(text: string): { type: "text"; content: string } {
    return { type: "text", content: this.#parts.redact(text) };
  }

  #message(role: string, text: string): string {
    return JSON.stringify([{ role, parts: [this.#part(text)] }]);
  }
}

/** Tests that fail are a result, and no error of the run. */
const tellReport = (span: Span, { outcome, runner, counts }: TestReport): void => {
  span.setAttributes({
    [names.testStatus]: testStatuses[outcome],
    "coditect.test.runner": runner,
    "coditect.test.passed": counts.passed,
    "coditect.test.failed": counts.failed,
    "coditect.test.skipped": counts.skipped,
  });
  if (outcome === "crashed" || outcome === "timed_out") fails(span, outcome);
};
