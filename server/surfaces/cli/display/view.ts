import type { AgentType } from "../../../../schemas/agent.ts";
import type { ExecutionSummary, RunFinished, RuntimeEvent } from "../../../../schemas/events.ts";
import type { GateProof } from "../../../../schemas/gates.ts";
import type { StageStatus } from "../../../../schemas/run.ts";
import { totalTokens } from "../../../models/execution.ts";

/** One execution of a stage, as it is shown. */
export interface RoundView {
  number: number;
  /** Milliseconds since the epoch. */
  startedAt: number;
  endedAt: number | null;
  /** What the agent does right now: a tool and its subject. */
  activity: string;
  calls: number;
  tokens: number;
  /** Dollars; null as soon as the price of one call is unknown. */
  cost: number | null;
  gates: GateProof[];
  /** Why its execution ended without completing; null otherwise. */
  error: string | null;
}

export interface StageView {
  name: string;
  agentType: AgentType | null;
  status: StageStatus;
  rounds: RoundView[];
}

/** A run as a person follows it: built from its events alone, so it needs no runtime. */
export interface RunView {
  taskId: string;
  workflow: string;
  model: string;
  runtime: string;
  startedAt: number;
  stages: StageView[];
  notices: string[];
  finished: RunFinished | null;
}

export const newRunView = (taskId: string, workflow: string, startedAt: number): RunView => ({
  taskId,
  workflow,
  model: "",
  runtime: "",
  startedAt,
  stages: [],
  notices: [],
  finished: null,
});

/** The stage of that name; a new one behind the others. */
export const stageOf = (view: RunView, name: string): StageView => {
  const known = view.stages.find((stage) => stage.name === name);
  if (known !== undefined) return known;
  const stage: StageView = { name, agentType: null, status: "Pending", rounds: [] };
  view.stages.push(stage);
  return stage;
};

/** Follows one run: takes its events in order and keeps the view up to date. */
export const followRun = (view: RunView): ((event: RuntimeEvent) => void) => {
  const rounds = new Map<string, RoundView>();
  const change = (executionId: string, update: (round: RoundView) => void) => {
    const round = rounds.get(executionId);
    if (round !== undefined) update(round);
  };

  return (event) => {
    switch (event.type) {
      case "run.started":
        Object.assign(view, { workflow: event.workflow, model: event.model, runtime: event.runtime });
        for (const name of event.stages) stageOf(view, name);
        return;
      case "stage.started": {
        const stage = stageOf(view, event.stage);
        stage.agentType = event.agent_type;
        stage.status = "Running";
        stage.rounds.push(newRound(event.round, Date.parse(event.at)));
        return;
      }
      case "execution.changed": {
        const { execution } = event;
        const round = stageOf(view, execution.stage).rounds.findLast(
          ({ number }) => number === execution.round,
        );
        if (round === undefined) return;
        rounds.set(execution.execution_id, round);
        round.error = failureOf(execution);
        // One that goes on had used something before; what is told of its calls comes on top.
        const { resource_usage: used } = execution;
        if (used.api_calls > round.calls)
          Object.assign(round, { calls: used.api_calls, tokens: totalTokens(used), cost: used.cost });
        if (execution.status === "Queued") round.activity = "waits for an instance";
        if (execution.status === "Starting") round.activity = "starts its instance";
        if (execution.status === "Running" && round.activity !== "") round.activity = "thinks";
        return;
      }
      case "model.usage":
        change(event.execution_id, (round) => {
          const { input, cache_read, cache_write_5m, cache_write_1h, output } = event.usage;
          round.calls += 1;
          // An answer from the response cache used none.
          if (!event.cached) round.tokens += input + cache_read + cache_write_5m + cache_write_1h + output;
          round.cost = round.cost === null || event.cost === null ? null : round.cost + event.cost;
        });
        return;
      case "model.retry":
        change(event.execution_id, (round) => {
          round.activity = `waits ${Math.ceil(event.wait_ms / 1000)} s for ${event.provider}: ${event.reason}`;
        });
        return;
      case "tool.started":
        change(event.execution_id, (round) => {
          round.activity = `${event.tool} ${event.subject}`.trimEnd();
        });
        return;
      case "tool.called":
        change(event.execution_id, (round) => {
          round.activity = event.tool === "finish" ? "is being measured" : "thinks";
        });
        return;
      case "gate.proved":
        stageOf(view, event.stage).rounds.at(-1)?.gates.push(event.proof);
        return;
      case "stage.finished": {
        const stage = stageOf(view, event.stage.name);
        stage.status = event.stage.status;
        const round = stage.rounds.at(-1);
        if (round !== undefined) round.endedAt = Date.parse(event.at);
        return;
      }
      case "notice":
        view.notices.push(event.message);
        return;
      case "run.finished":
        view.finished = event;
        for (const state of event.stages) stageOf(view, state.name).status = state.status;
        return;
      default:
    }
  };
};

/** Why an execution failed, unless a gate's own proof says it already. */
export const failureOf = ({ error }: Pick<ExecutionSummary, "error">): string | null =>
  error === null || error.code === "gate_failed" ? null : error.message;

export const newRound = (number: number, startedAt: number): RoundView => ({
  number,
  startedAt,
  endedAt: null,
  activity: "waits for an instance",
  calls: 0,
  tokens: 0,
  cost: 0,
  gates: [],
  error: null,
});

/** Sum over rounds; the cost is null as soon as one price is unknown. */
export const sumOf = (rounds: readonly RoundView[]): Pick<RoundView, "calls" | "tokens" | "cost"> => {
  const sum: Pick<RoundView, "calls" | "tokens" | "cost"> = { calls: 0, tokens: 0, cost: 0 };
  for (const { calls, tokens, cost } of rounds) {
    sum.calls += calls;
    sum.tokens += tokens;
    sum.cost = sum.cost === null || cost === null ? null : sum.cost + cost;
  }
  return sum;
};
