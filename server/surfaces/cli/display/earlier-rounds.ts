import type { RunDetails } from "../../../../schemas/contract.ts";
import type { StageState, TeamRun } from "../../../../schemas/run.ts";
import { totalTokens } from "../../../models/execution.ts";
import { failureOf, newRound, type RoundView, type RunView, stageOf } from "./view.ts";

type Execution = RunDetails["executions"][number];

const roundOf = (execution: Execution): RoundView => {
  const { metadata, resource_usage: usage, created_at, started_at, completed_at } = execution;
  return {
    ...newRound(metadata.round, Date.parse(started_at ?? created_at)),
    endedAt: completed_at === null ? null : Date.parse(completed_at),
    calls: usage.api_calls,
    tokens: totalTokens(usage),
    cost: usage.cost,
    gates: metadata.gates,
    error: failureOf(execution),
  };
};

/** What is known of a stage whose executions belong to another run: it was taken over from there. */
const takenOver = ({ round, gates, started_at, completed_at }: StageState): RoundView => ({
  ...newRound(round, Date.parse(started_at ?? "")),
  endedAt: Date.parse(completed_at ?? ""),
  gates,
});

/** Whether a round came to its end; one that was cut off is shown when it goes on. */
const isWhole = ({ status, metadata }: Execution): boolean =>
  status === "Completed" || metadata.gates.length > 0;

/**
 * Puts what happened before into the view of a run that goes on, or that took over stages of
 * another: the proofs at the end are those of the whole run.
 */
export const showEarlier = (view: RunView, run: TeamRun, executions: readonly Execution[]): void => {
  for (const state of run.stages) {
    const stage = stageOf(view, state.name);
    stage.status = state.status;
    stage.agentType =
      run.members.find(
        ({ role }) => role === run.workflow_stages.find(({ name }) => name === state.name)?.member,
      )?.agent_type ?? null;
    const own = executions.filter(({ metadata }) => metadata.stage === state.name);
    stage.rounds = own
      .filter(isWhole)
      .sort((one, other) => one.metadata.round - other.metadata.round)
      .map(roundOf);
    if (own.length === 0 && state.status === "Completed") stage.rounds = [takenOver(state)];
  }
};
