import { applyPatch, type Timestamp } from "../../../schemas/primitives.ts";
import type { RunOptions, RunOptionsPatch, StageState, Task, TeamRun } from "../../../schemas/run.ts";
import { noUsage } from "../../models/execution.ts";
import { isDone, mapStage, newStage, presentAttempts, redone } from "../plan.ts";

/**
 * Whether a stage was interrupted: running when its runtime ended, or ended by something other than a
 * gate.
 */
const wasCutOff = (stage: StageState): boolean =>
  stage.execution_ids.length > 0 &&
  (stage.status === "Running" || stage.status === "Failed" || stage.status === "Cancelled");

/** Whether a stage was ended before an agent began with it: a refused consent, a failed start. */
const neverBegan = (stage: StageState): boolean =>
  stage.execution_ids.length === 0 && (stage.status === "Failed" || stage.status === "Cancelled");

/**
 * An ended run, made ready to resume: interrupted stages continue where their transcripts end, stages
 * that never started are started, and a person is asked again.
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

/** The options of a run that begins again: who started it before did not start it now. */
export const optionsAgain = (
  { options: { started_by, ...options } }: Pick<TeamRun, "options">,
  patch: RunOptionsPatch,
): RunOptions => applyPatch<RunOptions>(options, patch);

/**
 * A stage that resumes: its executions, or the new ones that continue them, in the order of its
 * attempts. The round stays the same.
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
 * A new run of another task that takes over what was done before `from`, and does the rest again:
 * everything that builds on it, and what the first run did not finish.
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
