import type { Connection, WorkDoneProgressServerReporter } from "vscode-languageserver/node";
import type { RuntimeEvent } from "../../../schemas/events.ts";
import type { Localizer } from "../../../schemas/localizer.ts";

interface Shown {
  reporter: Promise<WorkDoneProgressServerReporter>;
  stages: readonly string[];
  done: number;
}

/**
 * Shows each run as a progress of the editor: its stage in words, how far it is, and a button that
 * cancels it. Returns the listener that is to be given every event.
 */
export const createRunProgress = (
  connection: Connection,
  cancel: (taskId: string) => void,
  l10n: Localizer,
): ((event: RuntimeEvent) => void) => {
  const shown = new Map<string, Shown>();

  const begin = (event: Extract<RuntimeEvent, { type: "run.started" }>): void => {
    const { task_id, team, stages, model } = event;
    const reporter = connection.window.createWorkDoneProgress().then((created) => {
      created.begin(`CODITECT ${team}`, 0, model, true);
      created.token.onCancellationRequested(() => {
        cancel(task_id);
      });
      return created;
    });
    // An editor that shows no progress is told by events alone.
    reporter.catch(() => shown.delete(task_id));
    shown.set(task_id, { reporter, stages, done: 0 });
  };

  const report = (taskId: string, message: string): void => {
    const run = shown.get(taskId);
    if (run === undefined) return;
    const percentage = Math.round((run.done / Math.max(run.stages.length, 1)) * 100);
    run.reporter
      .then((reporter) => {
        reporter.report(percentage, message);
      })
      .catch(() => undefined);
  };

  const end = (taskId: string): void => {
    const run = shown.get(taskId);
    shown.delete(taskId);
    run?.reporter
      .then((reporter) => {
        reporter.done();
      })
      .catch(() => undefined);
  };

  return (event) => {
    if (event.type === "run.started") begin(event);
    else if (event.type === "stage.started") {
      const { stage, agent_type, round } = event;
      const text =
        round > 1 ? l10n.t("{0} ({1}, round {2})", stage, agent_type, round) : `${stage} (${agent_type})`;
      report(event.task_id, text);
    } else if (event.type === "stage.finished") {
      const run = shown.get(event.task_id);
      const isDone = event.stage.status === "Completed" || event.stage.status === "Skipped";
      if (run !== undefined && isDone) run.done += 1;
    } else if (event.type === "approval.needed") report(event.task_id, event.question);
    else if (event.type === "run.finished") end(event.task_id);
  };
};
