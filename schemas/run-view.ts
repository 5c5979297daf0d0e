import type { AgentType } from "./agent.ts";
import type { ChangedFile } from "./changes.ts";
import type { ExecutionSummary, RunEvent } from "./events.ts";
import type { AgentExecution, ExecutionError, ExecutionResourceUsage } from "./execution.ts";
import type { Finding } from "./findings.ts";
import type { GateProof } from "./gates.ts";
import type { PermissionRequest } from "./permissions.ts";
import type { ServerQuestion } from "./questions.ts";
import type { RunStatus, StageState, TeamRun } from "./run.ts";
import { summarise } from "./summary.ts";

/** What an agent does at this moment. */
export type Activity =
  | { kind: "tool"; tool: string; subject: string }
  /** The provider is asked again after a pause. */
  | { kind: "retry"; provider: string; reason: string; wait_ms: number }
  /** The user is asked for a program or a host. */
  | { kind: "permission"; request: PermissionRequest }
  /** A tool server asks the user. */
  | { kind: "question"; question: ServerQuestion }
  /** The agent has finished; the runtime judges its work. */
  | { kind: "gates" }
  /** The runtime runs all tests of the project. `expected_ms`: about how long they take. */
  | { kind: "suite"; expected_ms: number | null; before: Activity | null };

/** Model calls so far, and what they used. */
export interface CallUsage {
  calls: number;
  tokens: number;
  /** Dollars; `null` as soon as the price of one call is unknown. */
  cost: number | null;
}

export interface ExecutionView {
  summary: ExecutionSummary;
  /** The last proof of each gate. */
  gates: GateProof[];
  activity: Activity | null;
  used: CallUsage;
}

export interface StageView {
  state: StageState;
  agent_type: AgentType | null;
  /** Oldest first. */
  execution_ids: string[];
}

/** A run as a person follows it: sidebar, terminal and progress show this and no other state of it. */
export interface RunView {
  task_id: string;
  /** Empty until it is known. */
  workflow: string;
  model: string;
  runtime: string;
  status: RunStatus;
  /** By name, in the order of the team. */
  stages: Map<string, StageView>;
  /** By id. Several runs may share one map. */
  executions: Map<string, ExecutionView>;
  changes: ChangedFile[];
  findings: Map<string, Finding>;
  /** Set while it waits for a person's consent. */
  approval: { stage: string; question: string } | null;
  error: ExecutionError | null;
  usage: ExecutionResourceUsage | null;
  notices: string[];
  created_at: string;
  completed_at: string | null;
}

/** @param executions where the executions of the run are put */
export const newRunView = (
  task_id: string,
  created_at: string,
  executions = new Map<string, ExecutionView>(),
): RunView => ({
  task_id,
  workflow: "",
  model: "",
  runtime: "",
  status: "Queued",
  stages: new Map(),
  executions,
  changes: [],
  findings: new Map(),
  approval: null,
  error: null,
  usage: null,
  notices: [],
  created_at,
  completed_at: null,
});

/** Folds one event of the run into its view. Events of executions it does not know change nothing. */
export const foldRun = (run: RunView, event: RunEvent): void => {
  switch (event.type) {
    case "run.started":
      Object.assign(run, { workflow: event.workflow, model: event.model, runtime: event.runtime });
      Object.assign(run, { status: "Running", completed_at: null });
      for (const name of event.stages) stageOf(run, name);
      return;
    case "run.changed":
      run.status = event.status;
      if (event.status !== "WaitingForApproval") run.approval = null;
      return;
    case "stage.started": {
      const stage = stageOf(run, event.stage);
      const { round, feedback, at } = event;
      stage.agent_type = event.agent_type;
      Object.assign(stage.state, { status: "Running", round, feedback, started_at: at });
      return;
    }
    case "stage.finished":
      putStage(run, event.stage);
      return;
    case "execution.changed":
      putExecution(run, event.execution);
      return;
    case "gate.proved":
      change(run, event.execution_id, (execution) => {
        const others = execution.gates.filter(({ gate }) => gate !== event.proof.gate);
        execution.gates = [...others, event.proof];
      });
      return;
    case "finding.reported":
    case "finding.changed":
      run.findings.set(event.finding.finding_id, event.finding);
      return;
    case "changes.changed":
      run.changes = event.files;
      return;
    case "approval.needed":
      run.approval = { stage: event.stage, question: event.question };
      run.status = "WaitingForApproval";
      return;
    // What it is asked is seen when it answers.
    case "model.asked":
      return;
    case "notice":
      run.notices.push(event.message);
      return;
    case "run.finished":
      Object.assign(run, { status: event.status, completed_at: event.at, approval: null });
      Object.assign(run, { error: event.error, usage: event.usage, changes: event.changes });
      for (const stage of event.stages) putStage(run, stage);
      for (const finding of event.findings) run.findings.set(finding.finding_id, finding);
      return;
    default:
      foldActivity(run, event);
  }
};

type ActivityEvent = Extract<
  RunEvent,
  {
    type:
      | "model.usage"
      | "model.text"
      | "model.retry"
      | "tool.started"
      | "tool.called"
      | "permission.needed"
      | "permission.settled"
      | "question.needed"
      | "question.settled"
      | "suite.started"
      | "suite.ended";
  }
>;

const executionOf = (event: ActivityEvent): string => {
  if (event.type === "permission.needed") return event.permission.execution_id;
  return event.type === "question.needed" ? event.question.execution_id : event.execution_id;
};

const foldActivity = (run: RunView, event: ActivityEvent): void => {
  const execution_id = executionOf(event);
  change(run, execution_id, (execution) => {
    switch (event.type) {
      case "model.usage": {
        const { input, cache_read, cache_write_5m, cache_write_1h, output } = event.usage;
        const { used } = execution;
        used.calls += 1;
        // An answer from the response cache used none.
        if (!event.cached) used.tokens += input + cache_read + cache_write_5m + cache_write_1h + output;
        used.cost = sumOfCosts([used.cost, event.cost]);
        return;
      }
      case "model.text":
        execution.activity = null;
        return;
      case "model.retry": {
        const { provider, reason, wait_ms } = event;
        execution.activity = { kind: "retry", provider, reason, wait_ms };
        return;
      }
      case "tool.started":
        execution.activity = { kind: "tool", tool: event.tool, subject: event.subject };
        return;
      case "permission.needed":
        execution.activity = { kind: "permission", request: event.permission };
        return;
      case "question.needed":
        execution.activity = { kind: "question", question: event.question };
        return;
      case "permission.settled":
      case "question.settled":
        execution.activity = null;
        return;
      case "suite.started":
        execution.activity = { kind: "suite", expected_ms: event.expected_ms, before: execution.activity };
        return;
      case "suite.ended":
        if (execution.activity?.kind === "suite") execution.activity = execution.activity.before;
        return;
      case "tool.called":
        execution.activity = event.tool === "finish" ? { kind: "gates" } : null;
    }
  });
};

/** Takes a stored run over, as `runs/get` answers it; the executions may be those of a part of it. */
export const loadRunView = (
  run: RunView,
  stored: Pick<TeamRun, "stages" | "members" | "workflow_stages">,
  executions: readonly Omit<AgentExecution, "input">[],
): void => {
  for (const state of stored.stages) {
    putStage(run, state);
    const role = stored.workflow_stages.find(({ name }) => name === state.name)?.member;
    stageOf(run, state.name).agent_type ??=
      stored.members.find((member) => member.role === role)?.agent_type ?? null;
  }
  for (const execution of executions) {
    putExecution(run, summarise(execution));
    change(run, execution.execution_id, (view) => {
      view.gates = execution.metadata.gates;
    });
  }
};

/** The stage of that name; a new one is put after the others. */
const stageOf = (run: RunView, name: string): StageView => {
  const known = run.stages.get(name);
  if (known !== undefined) return known;
  const stage: StageView = { state: pendingStage(name), agent_type: null, execution_ids: [] };
  run.stages.set(name, stage);
  return stage;
};

/** The executions of a stage, oldest first. */
export const executionsOf = (run: RunView, { execution_ids }: StageView): ExecutionView[] =>
  execution_ids.flatMap((id) => run.executions.get(id) ?? []);

/** The stage that runs, or that waits for a person. */
export const currentStage = (run: RunView): StageView | null =>
  [...run.stages.values()].find(
    ({ state }) => state.status === "Running" || state.status === "WaitingForApproval",
  ) ?? null;

/** `null` as soon as one is unknown: a sum of the others would be too small. */
export const sumOfCosts = (costs: readonly (number | null)[]): number | null =>
  costs.reduce<number | null>((sum, cost) => (sum === null || cost === null ? null : sum + cost), 0);

const putStage = (run: RunView, state: StageState): void => {
  const stage = stageOf(run, state.name);
  stage.state = { ...state };
  for (const id of state.execution_ids) if (!stage.execution_ids.includes(id)) stage.execution_ids.push(id);
};

const putExecution = (run: RunView, summary: ExecutionSummary): void => {
  const { execution_id, stage: name, agent_type, resource_usage } = summary;
  const stage = stageOf(run, name);
  stage.agent_type = agent_type;
  if (!stage.execution_ids.includes(execution_id)) stage.execution_ids.push(execution_id);
  const execution = run.executions.get(execution_id) ?? {
    ...{ summary, gates: [], activity: null },
    used: { calls: 0, tokens: 0, cost: 0 },
  };
  execution.summary = summary;
  if (summary.completed_at !== null) execution.activity = null;
  // A resumed execution used something before; the calls that are reported from now on are added.
  if (resource_usage.api_calls > execution.used.calls) execution.used = usedBy(resource_usage);
  run.executions.set(execution_id, execution);
};

const usedBy = (usage: ExecutionResourceUsage): CallUsage => ({
  calls: usage.api_calls,
  tokens: usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens + usage.output_tokens,
  cost: usage.cost,
});

const change = (run: RunView, executionId: string, update: (execution: ExecutionView) => void): void => {
  const execution = run.executions.get(executionId);
  if (execution !== undefined) update(execution);
};

const pendingStage = (name: string): StageState => ({
  name,
  status: "Pending",
  approved: false,
  starts_with: null,
  round: 0,
  sent_back: 0,
  execution_ids: [],
  gates: [],
  feedback: null,
  change_set_id: null,
  started_at: null,
  completed_at: null,
});
