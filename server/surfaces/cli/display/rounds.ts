import { wholeSecondsText } from "../../../../schemas/duration.ts";
import { permissionActivity } from "../../../../schemas/permissions.ts";
import { questionActivity } from "../../../../schemas/questions.ts";
import type { ExecutionSummary } from "../../../../schemas/events.ts";
import type { GateProof } from "../../../../schemas/gates.ts";
import {
  executionsOf,
  sumOfCosts,
  type CallUsage,
  type ExecutionView,
  type RunView,
  type StageView,
} from "../../../../schemas/run-view.ts";

/** One round of a stage, for a terminal. */
export interface Round {
  number: number;
  /** Milliseconds since the epoch. */
  startedAt: number;
  endedAt: number | null;
  /** The agent's current activity as text. */
  activity: string;
  used: CallUsage;
  gates: GateProof[];
  /** The reason why its execution ended without completing. Null otherwise. */
  error: string | null;
}

const none: CallUsage = { calls: 0, tokens: 0, cost: 0 };

/**
 * The rounds of a stage, oldest first. An interrupted round is shown only after it resumes. Its number is
 * then that of the execution that resumes it.
 */
export const roundsOf = (run: RunView, stage: StageView): Round[] => {
  const { state } = stage;
  const executions = executionsOf(run, stage).filter(isNoLoser(state));
  const rounds = executions
    .filter((execution, index) => index === executions.length - 1 || isWhole(execution))
    .map(roundOf)
    .sort((one, other) => one.number - other.number);
  const isAwaited = state.status === "Running" && !rounds.some(({ number }) => number === state.round);
  // The executions of a reused stage belong to the other run.
  const isTakenOver = executions.length === 0 && state.status === "Completed";
  return isAwaited || isTakenOver ? [...rounds, withoutExecution(stage)] : rounds;
};

/** After the ranking, only the best of several attempts is shown. */
const isNoLoser =
  ({ attempts = [] }: StageView["state"]) =>
  ({ summary }: ExecutionView): boolean =>
    (attempts.find(({ execution_id }) => execution_id === summary.execution_id)?.rank ?? 1) === 1;

const isWhole = ({ summary, gates }: ExecutionView): boolean =>
  summary.status === "Completed" || gates.length > 0;

const roundOf = (execution: ExecutionView): Round => {
  const { summary, gates, used } = execution;
  const { round, started_at, created_at, completed_at } = summary;
  return {
    number: round,
    startedAt: Date.parse(started_at ?? created_at),
    endedAt: completed_at === null ? null : Date.parse(completed_at),
    activity: activityText(execution),
    used,
    gates,
    error: failureOf(summary),
  };
};

const withoutExecution = ({ state }: StageView): Round => ({
  number: state.round,
  startedAt: Date.parse(state.started_at ?? ""),
  endedAt: state.completed_at === null ? null : Date.parse(state.completed_at),
  activity: "waiting for an instance",
  used: none,
  gates: state.status === "Completed" ? state.gates : [],
  error: null,
});

const activityText = ({ summary, activity }: ExecutionView): string => {
  if (summary.status === "Queued") return "waiting for an instance";
  if (summary.status === "Starting") return "starting its instance";
  switch (activity?.kind) {
    case "tool":
      return `${activity.tool} ${activity.subject}`.trimEnd();
    case "retry":
      return `waiting ${Math.ceil(activity.wait_ms / 1000)} s for ${activity.provider}: ${activity.reason}`;
    case "permission":
      return permissionActivity(activity.request);
    case "question":
      return questionActivity(activity.question);
    case "gates":
      return "checking gates";
    case "suite":
      return activity.expected_ms === null
        ? "running all tests"
        : `running all tests, about ${wholeSecondsText(activity.expected_ms)}`;
    case undefined:
      return "thinking";
  }
};

/** The reason why an execution failed. Null if the proof of a gate already contains it. */
export const failureOf = ({ error }: Pick<ExecutionSummary, "error">): string | null =>
  error === null || error.code === "gate_failed" ? null : error.message;

export const sumOf = (used: readonly CallUsage[]): CallUsage => ({
  calls: used.reduce((sum, { calls }) => sum + calls, 0),
  tokens: used.reduce((sum, { tokens }) => sum + tokens, 0),
  cost: sumOfCosts(used.map(({ cost }) => cost)),
});

/** The total usage of all executions of the run, including interrupted rounds. */
export const usageOf = (run: RunView): CallUsage =>
  sumOf([...run.executions.values()].map(({ used }) => used));
