import type { ExecutionError } from "../../schemas/execution.ts";
import type { GateProof } from "../../schemas/gates.ts";
import type { Timestamp } from "../../schemas/primitives.ts";
import type { RunStatus, StageAttempt, StageState, Task, TeamRun } from "../../schemas/run.ts";
import type { AgentTeam, WorkflowStage } from "../../schemas/team.ts";
import { noUsage } from "../models/execution.ts";
import { ancestors } from "./definition/validate.ts";

/**
 * The state machine of a team run, as pure functions from one stored run to the next. A driver applies one of
 * them, stores the result, and only then acts on it. `run/reopen.ts` describes how an ended run starts again.
 */

export const newStage = (stage: WorkflowStage): StageState => ({
  name: stage.name,
  status: "Pending",
  round: 0,
  sent_back: 0,
  execution_ids: [],
  gates: [],
  approved: false,
  feedback: null,
  starts_with: null,
  change_set_id: null,
  started_at: null,
  completed_at: null,
});

export const newRun = (
  task: Task,
  team: AgentTeam,
  options: TeamRun["options"],
  forecast: TeamRun["forecast"],
  now: Timestamp,
): TeamRun => ({
  task_id: task.task_id,
  tenant_id: task.tenant_id,
  team_id: team.team_id,
  status: "Queued",
  members: team.members,
  workflow_stages: team.workflow_stages,
  stages: team.workflow_stages.map(newStage),
  options,
  baseline: null,
  change_set_id: null,
  error: null,
  usage: noUsage(),
  forecast,
  parent: null,
  created_at: now,
  updated_at: now,
  completed_at: null,
});

export const isDone = (stage: StageState): boolean =>
  stage.status === "Completed" || stage.status === "Skipped";

/** The definition of a stage. The run has one for each of its states. */
export const definitionOf = (run: TeamRun, name: string): WorkflowStage => {
  const stage = run.workflow_stages.find((candidate) => candidate.name === name);
  if (stage === undefined) throw new RangeError(`run ${run.task_id} has no stage ${name}`);
  return stage;
};

export const stateOf = (run: TeamRun, name: string): StageState => {
  const stage = run.stages.find((candidate) => candidate.name === name);
  if (stage === undefined) throw new RangeError(`run ${run.task_id} has no stage ${name}`);
  return stage;
};

export const mapStage = (
  run: TeamRun,
  name: string,
  now: Timestamp,
  change: (stage: StageState) => StageState,
): TeamRun => ({
  ...run,
  updated_at: now,
  stages: run.stages.map((stage) => (stage.name === name ? change(stage) : stage)),
});

/** Stages that can begin now: they are pending, and all stages that they depend on are done. */
export const readyStages = (run: TeamRun): StageState[] =>
  run.stages.filter(
    (stage) =>
      stage.status === "Pending" &&
      definitionOf(run, stage.name).depends_on.every((name) => isDone(stateOf(run, name))),
  );

/** The new attempts of a round, one for each execution. */
const newAttempts = (round: number, executionIds: readonly string[]): StageAttempt[] =>
  executionIds.map((execution_id, index) => ({
    attempt: index + 1,
    round,
    execution_id,
    rank: null,
    score: null,
  }));

/** Begins a new round of a stage with its state, by one execution or several attempts. */
export const beginStage = (
  run: TeamRun,
  name: string,
  executionIds: readonly string[],
  startsWith: string | null,
  now: Timestamp,
): TeamRun =>
  mapStage({ ...run, status: "Running" }, name, now, (stage) => ({
    ...stage,
    starts_with: startsWith,
    status: "Running",
    round: stage.round + 1,
    execution_ids: [...stage.execution_ids, ...executionIds],
    ...(executionIds.length > 1 && { attempts: newAttempts(stage.round + 1, executionIds) }),
    gates: [],
    started_at: now,
    completed_at: null,
  }));

export const skipStage = (run: TeamRun, name: string, changeSetId: string | null, now: Timestamp): TeamRun =>
  mapStage(run, name, now, (stage) => ({
    ...stage,
    status: "Skipped",
    change_set_id: changeSetId,
    completed_at: now,
  }));

export const askForApproval = (run: TeamRun, name: string, now: Timestamp): TeamRun =>
  mapStage(run, name, now, (stage) => ({ ...stage, status: "WaitingForApproval" }));

/** Takes a person's answer. The stage may begin, or the run ends. */
export const answerApproval = (run: TeamRun, name: string, approved: boolean, now: Timestamp): TeamRun =>
  mapStage({ ...run, status: approved ? "Queued" : "Cancelled" }, name, now, (stage) => ({
    ...stage,
    approved,
    status: approved ? "Pending" : "Cancelled",
  }));

/** The result of one round of a stage. */
export type StageOutcome =
  | { type: "completed"; gates: GateProof[]; change_set_id: string | null }
  /** A gate did not hold. `feedback` is for the next round. */
  | {
      type: "refused";
      gates: GateProof[];
      change_set_id: string | null;
      feedback: string;
      error: ExecutionError;
    }
  /** Only its execution was cancelled. Parallel stages continue, and then the run ends. */
  | { type: "cancelled" }
  | { type: "failed"; status: "Failed" | "LimitReached" | "Cancelled"; error: ExecutionError | null };

/** Adds the outcome of a round to the run. A failure ends the run. */
export const endStage = (run: TeamRun, name: string, outcome: StageOutcome, now: Timestamp): TeamRun => {
  if (outcome.type === "completed") {
    const { gates, change_set_id } = outcome;
    return mapStage(run, name, now, (stage) => ({
      ...stage,
      status: "Completed",
      gates,
      change_set_id,
      feedback: null,
      completed_at: now,
    }));
  }
  if (outcome.type === "refused") {
    const { gates, change_set_id, feedback, error } = outcome;
    return mapStage({ ...run, error: run.error ?? error }, name, now, (stage) => ({
      ...stage,
      status: "Failed",
      gates,
      change_set_id,
      feedback,
      completed_at: now,
    }));
  }
  if (outcome.type === "cancelled")
    return mapStage(run, name, now, (stage) => ({ ...stage, status: "Cancelled", completed_at: now }));
  const status: RunStatus = isHardEnd(run.status) ? run.status : outcome.status;
  return mapStage({ ...run, status, error: outcome.error ?? run.error }, name, now, (stage) => ({
    ...stage,
    status: outcome.status === "Cancelled" ? "Cancelled" : "Failed",
    completed_at: now,
  }));
};

const isHardEnd = (status: RunStatus): boolean =>
  status === "Failed" || status === "LimitReached" || status === "Cancelled";

/** The stages that run again if work goes back to this one: the stage itself, and all that build on it. */
export const redone = (run: TeamRun, backTo: string): Set<string> =>
  new Set(
    run.workflow_stages
      .filter((stage) => stage.name === backTo || ancestors(run.workflow_stages, stage.name).has(backTo))
      .map((stage) => stage.name),
  );

/** The stage that gets refused work. If the failure is about the tests, it is their stage. */
const receiverOf = (run: TeamRun, refused: StageState): string => {
  const own = definitionOf(run, refused.name).on_failure?.back_to ?? refused.name;
  if (!refused.gates.some(({ held, concerns }) => !held && concerns === "tests")) return own;
  const before = ancestors(run.workflow_stages, refused.name);
  return (
    run.workflow_stages.find(({ name, gates }) => before.has(name) && gates.includes("red"))?.name ?? own
  );
};

/** Sends refused work back. Several refusals of parallel stages go back together, in one round. */
const sendBack = (run: TeamRun, refused: readonly StageState[], now: Timestamp): TeamRun => {
  let next: TeamRun = { ...run, error: null, updated_at: now };
  const feedback = new Map<string, string[]>();
  for (const stage of refused) {
    const backTo = receiverOf(run, stage);
    feedback.set(backTo, [...(feedback.get(backTo) ?? []), `[${stage.name}] ${stage.feedback ?? ""}`]);
  }
  for (const [backTo, texts] of feedback) {
    const again = redone(run, backTo);
    const sentBack = new Set(refused.map((stage) => stage.name));
    next = {
      ...next,
      stages: next.stages.map((stage) =>
        again.has(stage.name)
          ? {
              ...stage,
              status: "Pending",
              sent_back: stage.sent_back + (sentBack.has(stage.name) ? 1 : 0),
              feedback: stage.name === backTo ? texts.join("\n\n") : null,
            }
          : stage,
      ),
    };
  }
  return next;
};

/**
 * The next step if no stage is running. Refused work goes back if its stage has rounds left. Otherwise, the run
 * ends.
 */
export const settle = (run: TeamRun, now: Timestamp): TeamRun => {
  if (run.stages.some((stage) => stage.status === "Running")) return run;
  const end = (status: RunStatus): TeamRun => ({ ...run, status, updated_at: now, completed_at: now });
  if (isHardEnd(run.status)) return end(run.status);
  if (run.stages.some((stage) => stage.status === "Cancelled")) return end("Cancelled");
  const refused = run.stages.filter((stage) => stage.status === "Failed");
  const withoutRounds = refused.filter(
    (stage) => stage.sent_back >= (definitionOf(run, stage.name).on_failure?.max_rounds ?? 0),
  );
  if (withoutRounds.length > 0) return end("GateFailed");
  if (refused.length > 0) return sendBack(run, refused, now);
  if (run.stages.every(isDone)) return { ...end("Succeeded"), error: null };
  if (readyStages(run).length > 0) return run;
  return { ...run, status: "WaitingForApproval", updated_at: now };
};

/** Cancels a run that has no running stage. Waiting stages are cancelled, too. */
export const cancelRun = (run: TeamRun, now: Timestamp): TeamRun => ({
  ...run,
  status: "Cancelled",
  updated_at: now,
  completed_at: now,
  stages: run.stages.map((stage) =>
    stage.status === "WaitingForApproval" || stage.status === "Running"
      ? { ...stage, status: "Cancelled" }
      : stage,
  ),
});

/** The attempts at the current round of a stage. Empty if the stage is done once. */
export const presentAttempts = ({ attempts = [], round }: StageState): StageAttempt[] =>
  attempts.filter((attempt) => attempt.round === round);

/** Adds the ranking of a round's attempts to the run. The best one becomes the stage's last execution. */
export const rankStage = (run: TeamRun, name: string, attempts: StageAttempt[], now: Timestamp): TeamRun =>
  mapStage(run, name, now, (stage) => {
    const best = attempts.flatMap(({ rank, execution_id }) => (rank === 1 ? [execution_id] : []));
    const others = stage.execution_ids.filter((id) => !best.includes(id));
    return { ...stage, execution_ids: [...others, ...best], attempts };
  });
