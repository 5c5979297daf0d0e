import { type Context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { RunEvent } from "../../schemas/events.ts";
import type { ExecutionInput } from "../../schemas/execution.ts";
import type { RunOrigin } from "../../schemas/run.ts";
import { isFinalExecution } from "../../schemas/statuses.ts";
import type { TraceContext } from "../../schemas/trace.ts";
import { type EventOf, ExecutionSpans, type ExecutionSpansParts } from "./execution-spans.ts";
import { names, providerName } from "./names.ts";
import { fails } from "./span-maker.ts";
import { remoteContext, traceContextOf } from "./trace-context.ts";
import type { Traces, TestSpan } from "../executions/traces.ts";

interface OpenRun {
  span: Span;
  stages: Map<string, Span>;
  executions: Map<string, ExecutionSpans>;
}

export interface RunSpansParts extends ExecutionSpansParts {
  /** What runs are part of that nothing else is known of, such as a job of CI; undefined: nothing. */
  parent: TraceContext | undefined;
  originOf: (taskId: string) => RunOrigin | undefined;
  inputOf: (executionId: string) => ExecutionInput | null;
}

type Which = Parameters<Traces["contextOf"]>[0];

/**
 * Makes one trace per run of a runtime's events: command or request → run → stage → execution → model
 * call, tool and test run.
 */
export class RunSpans implements Traces {
  readonly #parts: RunSpansParts;
  readonly #runs = new Map<string, OpenRun>();

  constructor(parts: RunSpansParts) {
    this.#parts = parts;
  }

  /** The span that what is said of an execution, or else of its run, belongs to. */
  activeIn(taskId: string, executionId: string): Context {
    const run = this.#runs.get(taskId);
    const span = run?.executions.get(executionId)?.span ?? run?.span;
    return span === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, span);
  }

  contextOf(execution: Which): TraceContext | null {
    const span = this.#executionOf(execution)?.span;
    return span === undefined ? null : traceContextOf(span);
  }

  startTests(execution: Which): TestSpan | null {
    return this.#executionOf(execution)?.startTests() ?? null;
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
        this.#executionOf(event)?.ask(event);
        return;
      case "model.text":
        this.#executionOf(event)?.addText(event);
        return;
      case "model.retry":
        this.#executionOf(event)?.retry(event);
        return;
      case "model.usage":
        this.#executionOf(event)?.answer(event);
        return;
      case "tool.started":
        this.#executionOf(event)?.startTool(event);
        return;
      case "tool.called":
        this.#executionOf(event)?.callTool(event);
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
    const startTime = new Date(at);
    this.#end(task_id, startTime);
    const attributes = {
      [names.operation]: "invoke_workflow",
      [names.workflow]: workflow,
      [names.conversation]: task_id,
      "coditect.team": team,
      "coditect.runtime": runtime,
    };
    const request = { name: `invoke_workflow ${workflow}`, startTime, attributes };
    const span = this.#parts.maker.start(request, this.#beginning(task_id, startTime));
    this.#runs.set(task_id, { span, stages: new Map(), executions: new Map() });
  }

  /** What started the run, as a span of its own that ends where the run starts. */
  #beginning(taskId: string, runStarts: Date): Context {
    const origin = this.#parts.originOf(taskId);
    const parent = remoteContext(origin?.trace ?? this.#parts.parent);
    if (origin === undefined) return parent;
    const { kind, name, at } = origin;
    const [method = "", route = ""] = name.split(" ");
    const isRequest = kind === "request";
    const span = this.#parts.maker.start(
      {
        name,
        // The clock of who started it may be another one.
        startTime: new Date(Math.min(Date.parse(at), runStarts.getTime())),
        attributes: isRequest
          ? { [names.httpMethod]: method, [names.httpRoute]: route }
          : { "coditect.command": name },
        kind: isRequest ? SpanKind.SERVER : SpanKind.INTERNAL,
      },
      parent,
    );
    span.end(runStarts);
    return trace.setSpan(ROOT_CONTEXT, span);
  }

  #startStage({ at, task_id, stage, agent_type, round }: EventOf<"stage.started">): void {
    const run = this.#runs.get(task_id);
    if (run === undefined) return;
    const startTime = new Date(at);
    // A round that was sent back ends where the next one begins.
    run.stages.get(stage)?.end(startTime);
    const attributes = {
      [names.conversation]: task_id,
      "coditect.stage": stage,
      "coditect.round": round,
      "coditect.agent.type": agent_type,
    };
    run.stages.set(
      stage,
      this.#parts.maker.below(run.span, { name: `stage ${stage}`, startTime, attributes }),
    );
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

  #changeExecution(event: EventOf<"execution.changed">): void {
    const { at, task_id, execution } = event;
    const { execution_id, status, error } = execution;
    const run = this.#runs.get(task_id);
    if (run === undefined) return;
    let open = run.executions.get(execution_id);
    if (open === undefined) {
      // An execution whose first event is its end continued in another record.
      if (isFinalExecution(status)) return;
      open = this.#startExecution(run, event);
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
    open.end(new Date(execution.completed_at ?? at), error?.code ?? null);
    run.executions.delete(execution_id);
  }

  #startExecution(run: OpenRun, { task_id, execution }: EventOf<"execution.changed">): ExecutionSpans {
    const { execution_id, stage, agent_name, agent_type, created_at, round } = execution;
    const [provider = "", ...model] = execution.model.split("/");
    const attributes = {
      [names.operation]: "invoke_agent",
      [names.agentName]: agent_name,
      [names.conversation]: task_id,
      [names.provider]: providerName(provider),
      [names.requestModel]: model.join("/"),
      "coditect.agent.type": agent_type,
      "coditect.execution.id": execution_id,
      "coditect.round": round,
    };
    const request = { name: `invoke_agent ${agent_name}`, startTime: new Date(created_at), attributes };
    const span = this.#parts.maker.below(run.stages.get(stage) ?? run.span, request);
    const spans = new ExecutionSpans(span, this.#parts);
    const input = this.#parts.withContent ? this.#parts.inputOf(execution_id) : null;
    if (input !== null) spans.tellInput(input);
    return spans;
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
    for (const execution of run.executions.values()) execution.end(at, null);
    for (const stage of run.stages.values()) stage.end(at);
    run.span.end(at);
    this.#runs.delete(taskId);
  }

  #executionOf({ task_id, execution_id }: Which): ExecutionSpans | undefined {
    return this.#runs.get(task_id)?.executions.get(execution_id);
  }
}
