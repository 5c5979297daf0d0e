import type { HandlerContext, HandlersOf } from "./context.ts";
import { withoutInput } from "./executions.ts";
import { found } from "./lookup.ts";

/** Team runs: what the documents call the execution of a team workflow. */
export const runHandlers = ({ store, runs }: HandlerContext): HandlersOf<"runs"> => ({
  "runs/get": ({ task_id }) => ({
    run: found(store, "runs", task_id),
    task: found(store, "tasks", task_id),
    executions: store.all("executions", { task_id }).map(withoutInput),
  }),

  "runs/list": ({ status, limit, cursor }) => {
    const page = store.page("runs", { status }, { limit, cursor });
    return {
      items: page.items.map((run) => ({ run, task: found(store, "tasks", run.task_id) })),
      next_cursor: page.next_cursor,
    };
  },

  "runs/resume": ({ task_id, options }) => {
    found(store, "runs", task_id);
    return runs.resume(task_id, options);
  },

  "runs/retry": ({ task_id, stage, options }) => {
    found(store, "runs", task_id);
    return runs.retry(task_id, stage, options);
  },

  "runs/cancel": ({ task_id }) => {
    found(store, "runs", task_id);
    return runs.cancel(task_id);
  },

  "runs/approve": ({ task_id, stage, approved }) => {
    found(store, "runs", task_id);
    return runs.approve(task_id, stage, approved);
  },
});
