import { z } from "zod";

/** The span of something in a trace, and what it is part of: W3C Trace Context. */
export const TraceContext = z.strictObject({
  /** The value of the header `traceparent`, or of the variable `TRACEPARENT`. */
  trace_parent: z
    .string()
    .max(200)
    .regex(/^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(-.*)?$/),
  trace_state: z
    .string()
    .regex(/^[\x20-\x7e]{1,512}$/)
    .optional(),
});
export type TraceContext = z.infer<typeof TraceContext>;

/** Identifies a span in its trace. */
export const SpanId = z.string().regex(/^(?!0{16})[\da-f]{16}$/);

/** A trace context from outside. As W3C says, one that is malformed counts as none. */
export const readTraceContext = (parent: unknown, state: unknown): TraceContext | undefined => {
  const trace = TraceContext.safeParse({ trace_parent: parent });
  if (!trace.success) return undefined;
  const { trace_state } = TraceContext.shape;
  const known = trace_state.safeParse(state);
  return known.success && known.data !== undefined ? { ...trace.data, trace_state: known.data } : trace.data;
};
