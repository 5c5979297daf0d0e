import type { Connection, WorkDoneProgressServerReporter } from "vscode-languageserver/node";
import type { RuntimeEvent } from "../../../schemas/events.ts";
import type { Localizer } from "../../../schemas/localizer.ts";
import { currentStage, foldRun, newRunView, type RunView } from "../../../schemas/run-view.ts";

interface Shown {
  reporter: Promise<WorkDoneProgressServerReporter>;
  run: RunView;
}

/**
 * Shows each run as work-done progress in the editor: its stage as text, a percentage, and a button to cancel
 * it. Returns the listener for all events.
 */
export const createRunProgress = (
  connection: Connection,
  cancel: (taskId: string) => void,
  l10n: Localizer,
): ((event: RuntimeEvent) => void) => {
  const shown = new Map<string, Shown>();

  const begin = ({ task_id, team, model, at }: Extract<RuntimeEvent, { type: "run.started" }>): void => {
    const reporter = connection.window.createWorkDoneProgress().then((created) => {
      created.begin(`CODITECT ${team}`, 0, model, true);
      created.token.onCancellationRequested(() => {
        cancel(task_id);
      });
      return created;
    });
    // An editor without progress gets only the events.
    reporter.catch(() => shown.delete(task_id));
    shown.set(task_id, { reporter, run: newRunView(task_id, at) });
  };

  const report = ({ reporter, run }: Shown): void => {
    const text = stageText(run, l10n);
    if (text === null) return;
    const percentage = doneOf(run);
    reporter
      .then((created) => {
        created.report(percentage, text);
      })
      .catch(() => undefined);
  };

  const end = ({ reporter, run }: Shown): void => {
    shown.delete(run.task_id);
    reporter
      .then((created) => {
        created.done();
      })
      .catch(() => undefined);
  };

  return (event) => {
    if (event.type === "run.started") begin(event);
    const progress = "task_id" in event ? shown.get(event.task_id) : undefined;
    if (progress === undefined || !("task_id" in event)) return;
    foldRun(progress.run, event);
    if (event.type === "stage.started" || event.type === "approval.needed") report(progress);
    else if (event.type === "run.finished") end(progress);
  };
};

/** The question that a run waits for, or its active stage. Null between two stages. */
const stageText = (run: RunView, l10n: Localizer): string | null => {
  if (run.approval !== null) return run.approval.question;
  const stage = currentStage(run);
  if (stage === null) return null;
  const { name, round } = stage.state;
  const agent = stage.agent_type ?? "";
  return round > 1 ? l10n.t("{0} ({1}, round {2})", name, agent, round) : `${name} (${agent})`;
};

/** Percentage of the stages that are done. */
const doneOf = (run: RunView): number => {
  const stages = [...run.stages.values()];
  const done = stages.filter(({ state }) => state.status === "Completed" || state.status === "Skipped");
  return Math.round((done.length / Math.max(stages.length, 1)) * 100);
};
