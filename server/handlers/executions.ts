import type { AgentExecution } from "../../schemas/execution.ts";
import type { HandlerContext, HandlersOf } from "./context.ts";
import { found } from "./lookup.ts";

/** An execution without its input, which can be megabytes; `executions/get` has it. */
export const withoutInput = ({ input, ...rest }: AgentExecution): Omit<AgentExecution, "input"> => rest;

/** Documents: "Agent Execution Tracking". */
export const executionHandlers = ({ store, runs }: HandlerContext): HandlersOf<"executions"> => ({
  "executions/start": ({ agent_id, prompt, file, options }) =>
    runs.startExecution(found(store, "agents", agent_id), { prompt, file, options }),

  "executions/get": ({ execution_id }) => found(store, "executions", execution_id),

  "executions/list": ({ task_id, instance_id, status, limit, cursor }) => {
    const page = store.page("executions", { task_id, instance_id, status }, { limit, cursor });
    return { items: page.items.map(withoutInput), next_cursor: page.next_cursor };
  },

  "executions/cancel": ({ execution_id }) => {
    found(store, "executions", execution_id);
    return runs.cancelExecution(execution_id);
  },

  "executions/transcript": async ({ execution_id, from }) => {
    found(store, "executions", execution_id);
    const entries = await store.transcripts.read(execution_id, from);
    return { entries, next: from + entries.length };
  },
});
