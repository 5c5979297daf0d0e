import type { RunOrigin } from "./run.ts";
import type { TraceContext } from "./trace.ts";

/** A command, a tool or a prompt that is invoked now, by its name, as what starts a run. */
export const commandOrigin = (name: string, trace?: TraceContext): RunOrigin => ({
  ...{ kind: "command", name, at: new Date().toISOString() },
  ...(trace !== undefined && { trace }),
});
