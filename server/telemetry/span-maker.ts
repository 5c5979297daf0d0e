import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { type IdGenerator, RandomIdGenerator } from "@opentelemetry/sdk-trace";
import { names } from "./names.ts";

/** Identifiers of spans: random, but for a span that another process has named already. */
export class SpanIds implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  #next: string | null = null;

  generateTraceId(): string {
    return this.#random.generateTraceId();
  }

  generateSpanId(): string {
    const id = this.#next ?? this.#random.generateSpanId();
    this.#next = null;
    return id;
  }

  /** Makes one span, which gets this identifier. */
  use(id: string, start: () => Span): Span {
    this.#next = id;
    try {
      return start();
    } finally {
      this.#next = null;
    }
  }
}

interface SpanRequest {
  name: string;
  startTime: Date;
  attributes: Attributes;
  /** Left out: the span is internal. */
  kind?: SpanKind;
  /** Left out: a new identifier. */
  id?: string | undefined;
}

/** Starts the spans of runs. */
export class SpanMaker {
  readonly #tracer: Tracer;
  readonly #ids: SpanIds;

  constructor(tracer: Tracer, ids: SpanIds) {
    this.#tracer = tracer;
    this.#ids = ids;
  }

  start({ name, startTime, attributes, kind = SpanKind.INTERNAL, id }: SpanRequest, parent: Context): Span {
    const start = (): Span => this.#tracer.startSpan(name, { kind, startTime, attributes }, parent);
    return id === undefined ? start() : this.#ids.use(id, start);
  }

  below(parent: Span, request: SpanRequest): Span {
    return this.start(request, trace.setSpan(ROOT_CONTEXT, parent));
  }
}

export const fails = (span: Span, errorType: string): void => {
  span.setAttribute(names.errorType, errorType);
  span.setStatus({ code: SpanStatusCode.ERROR });
};
