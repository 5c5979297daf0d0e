import { type Context, defaultTextMapSetter, ROOT_CONTEXT, type Span, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { readTraceContext, type TraceContext } from "../../schemas/trace.ts";

const propagator = new W3CTraceContextPropagator();

/** The span of another process that something is part of; undefined: it begins a trace of its own. */
export const remoteContext = (from: TraceContext | undefined): Context => {
  const fields: Partial<Record<string, string>> = {
    traceparent: from?.trace_parent,
    tracestate: from?.trace_state,
  };
  const getter = { get: (_: unknown, name: string) => fields[name], keys: () => Object.keys(fields) };
  return propagator.extract(ROOT_CONTEXT, fields, getter);
};

/** The span as other processes get to know it. */
export const traceContextOf = (span: Span): TraceContext | null => {
  const carrier: Record<string, unknown> = {};
  propagator.inject(trace.setSpan(ROOT_CONTEXT, span), carrier, defaultTextMapSetter);
  return readTraceContext(carrier.traceparent, carrier.tracestate) ?? null;
};
