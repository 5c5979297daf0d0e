import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import type { TraceContext } from "../../schemas/trace.ts";

const current = new AsyncLocalStorage<TraceContext>();

/** Does work whose programs are part of a trace; undefined: of none. */
export const withinTrace = <Result>(trace: TraceContext | undefined, work: () => Result): Result =>
  trace === undefined ? work() : current.run(trace, work);

/**
 * The trace that programs started here are part of, as OpenTelemetry's convention for environment
 * variables has it: an instrumented program adds its spans to it.
 */
export const traceVariables = (): Record<string, string> => {
  const trace = current.getStore();
  if (trace === undefined) return {};
  const { trace_parent, trace_state } = trace;
  return { TRACEPARENT: trace_parent, ...(trace_state !== undefined && { TRACESTATE: trace_state }) };
};

const newSpanId = (): string => {
  const id = randomBytes(8).toString("hex");
  // All zeros is no identifier.
  return /[1-9a-f]/.test(id) ? id : newSpanId();
};

/** A new span below the one of the trace; the runtime gets its identifier and reports it. */
export const childSpan = (
  parent: TraceContext | undefined,
): { span_id: string; trace: TraceContext } | null => {
  if (parent === undefined) return null;
  const span_id = newSpanId();
  const trace_parent = parent.trace_parent.replace(/^(.{2}-.{32}-).{16}/, `$1${span_id}`);
  return { span_id, trace: { ...parent, trace_parent } };
};
