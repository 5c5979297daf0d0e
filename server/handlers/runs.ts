import type { RunDetails } from "../../schemas/contract.ts";
import { lessonOfRating } from "../feedback/lessons.ts";
import { rate } from "../models/execution.ts";
import type { HandlerContext, HandlersOf } from "./context.ts";
import { withoutInput } from "./executions.ts";
import { found } from "./lookup.ts";

/** Team runs: what the documents call the execution of a team workflow. */
export const runHandlers = ({ store, runs, feedback, now }: HandlerContext): HandlersOf<"runs"> => {
  const detailsOf = (task_id: string): RunDetails => ({
    run: found(store, "runs", task_id),
    task: found(store, "tasks", task_id),
    executions: store.all("executions", { task_id }).map(withoutInput),
  });
  return {
    "runs/get": ({ task_id }) => detailsOf(task_id),

    "runs/rate": async ({ task_id, verdict, note }) => {
      const { run, task } = detailsOf(task_id);
      const last = run.stages.flatMap(({ execution_ids }) => execution_ids.at(-1) ?? []);
      const rated = last.map((id) => rate(found(store, "executions", id), { verdict, note }, now()));
      await store.commit((transaction) => {
        for (const execution of rated) transaction.put("executions", execution);
      });
      const rating = { verdict, note, rated_at: now() };
      await feedback.learn(lessonOfRating(rating, `What the team ${task.workflow} did`, task));
      return detailsOf(task_id);
    },

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

    "runs/retry": ({ task_id, stage, options, prompt }) => {
      found(store, "runs", task_id);
      return runs.retry(task_id, stage, options, prompt);
    },

    "runs/cancel": ({ task_id }) => {
      found(store, "runs", task_id);
      return runs.cancel(task_id);
    },

    "runs/approve": ({ task_id, stage, approved }) => {
      found(store, "runs", task_id);
      return runs.approve(task_id, stage, approved);
    },
  };
};
