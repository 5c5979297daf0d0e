import { applyPatch, type Timestamp } from "../../../schemas/primitives.ts";
import type { RunOptions, RunOptionsPatch, StageState, Task, TeamRun } from "../../../schemas/run.ts";
import { noUsage } from "../../models/execution.ts";
import { isDone, mapStage, newStage, presentAttempts, redone } from "../plan.ts";

/** Whether a stage was interrupted: its runtime ended while it ran, or something other than a gate ended it. */
const wasCutOff = (stage: StageState): boolean =>
  stage.execution_ids.length > 0 &&
  (stage.status === "Running" || stage.status === "Failed" || stage.status === "Cancelled");

/** Whether a stage ended before an agent began, because of a refused consent or a failed start. */
const neverBegan = (stage: StageState): boolean =>
  stage.execution_ids.length === 0 && (stage.status === "Failed" || stage.status === "Cancelled");

/**
 * Prepares an ended run to be resumed. Interrupted stages continue where their transcripts end, stages that never
 * began start, and a person is asked again.
 */
export const reopen = (run: TeamRun, now: Timestamp): TeamRun => ({
  ...run,
  status: "Queued",
  error: null,
  updated_at: now,
  completed_at: null,
  stages: run.stages.map((stage) => {
    if (wasCutOff(stage)) return { ...stage, status: "Running" };
    return neverBegan(stage) ? { ...stage, status: "Pending", approved: false } : stage;
  }),
});

/** The options of a run that begins again, without the person who started it before. */
export const optionsAgain = (
  { options: { started_by, ...options } }: Pick<TeamRun, "options">,
  patch: RunOptionsPatch,
): RunOptions => applyPatch<RunOptions>(options, patch);

/**
 * Resumes a stage with its executions, or with new ones that continue them, in the order of its attempts. The
 * round stays the same.
 */
export const continueStage = (
  run: TeamRun,
  name: string,
  executionIds: readonly string[],
  now: Timestamp,
): TeamRun =>
  mapStage({ ...run, status: "Running" }, name, now, (stage) => {
    const execution_ids = [...new Set([...stage.execution_ids, ...executionIds])];
    const present = presentAttempts(stage);
    if (present.length === 0) return { ...stage, execution_ids };
    const attempts = present.map((attempt, index) => ({
      ...attempt,
      execution_id: executionIds[index] ?? attempt.execution_id,
    }));
    return { ...stage, execution_ids, attempts };
  });

/**
 * A new run of another task that takes over what was done before `from`, and does the rest again. The rest is all
 * stages that build on `from`, and those that the first run did not finish.
 */
export const forkRun = (run: TeamRun, task: Task, from: string, now: Timestamp): TeamRun => {
  const again = redone(run, from);
  return {
    ...reopen(run, now),
    task_id: task.task_id,
    created_at: now,
    parent: { task_id: run.task_id, stage: from },
    forecast: null,
    usage: noUsage(),
    change_set_id: null,
    stages: run.stages.map((stage, index) => {
      const definition = run.workflow_stages[index];
      const isTaken = isDone(stage) && !again.has(stage.name);
      return isTaken || definition === undefined ? stage : newStage(definition);
    }),
  };
};
