import type { IncomingMessage } from "node:http";
import { z } from "zod";
import type { Method } from "../../../schemas/contract.ts";
import type { Timestamp } from "../../../schemas/primitives.ts";
import type { RunOrigin } from "../../../schemas/run.ts";
import { readTraceContext } from "../../../schemas/trace.ts";
import type { Route } from "./routes.ts";

const starting: readonly Method[] = ["teams/execute", "executions/start", "runs/resume", "runs/retry"];

/** Whether the call starts a run. The run's trace can then be part of the caller's. */
export const startsRun = ({ method }: Pick<Route, "method">): boolean => starting.includes(method);

const Options = z.looseObject({ started_by: z.unknown().optional() }).default({});

/**
 * Params of a call that starts a run, with the request as its origin and the trace in its header
 * `traceparent`. If a caller names the origin itself, as an attached command line does, that origin is used.
 * The dispatch refuses params that are not objects.
 */
export const withOrigin = (
  params: Record<string, unknown>,
  route: Pick<Route, "method" | "verb" | "path">,
  { headers }: Pick<IncomingMessage, "headers">,
  at: Timestamp,
): Record<string, unknown> => {
  if (!startsRun(route)) return params;
  const options = Options.safeParse(params.options);
  if (!options.success || options.data.started_by !== undefined) return params;
  const trace = readTraceContext(headers.traceparent, headers.tracestate);
  const started_by: RunOrigin = {
    ...{ kind: "request", name: `${route.verb} ${route.path}`, at },
    ...(trace !== undefined && { trace }),
  };
  return { ...params, options: { ...options.data, started_by } };
};
