import type { ExecutionSummary, RuntimeEvent } from "../../schemas/events.ts";
import type { AgentInstance } from "../../schemas/instance.ts";
import type { StageState } from "../../schemas/run.ts";
import { emptyStage, type Model, type RunRecord, type StageRecord } from "./model.ts";
import { nodeId, roots } from "./nodes.ts";

/** Collects the nodes that must be drawn again. */
export type Touch = (node: string) => void;

type OfType<Type extends RuntimeEvent["type"]> = Extract<RuntimeEvent, { type: Type }>;
type RunEvent = OfType<
  | "run.changed"
  | "stage.started"
  | "stage.finished"
  | "approval.needed"
  | "finding.reported"
  | "finding.changed"
  | "changes.changed"
  | "run.finished"
>;

/**
 * Folds one event into the model and touches the nodes whose own text or list of children changed,
 * and no others: drawing a node again draws everything below it.
 */
export const fold = (model: Model, folder: string, event: RuntimeEvent, touch: Touch): void => {
  switch (event.type) {
    case "run.started":
      startRun(model, folder, event, touch);
      return;
    case "instance.changed":
      putInstance(model, folder, event.instance, touch);
      return;
    case "execution.changed":
      putExecution(model, runOf(model, folder, event, touch), event.execution, touch);
      return;
    case "tool.started":
      setActivity(model, event.execution_id, `${event.tool} ${event.subject}`.trim(), touch);
      return;
    case "tool.called":
      setActivity(model, event.execution_id, null, touch);
      return;
    case "gate.proved":
      addGate(model, event, touch);
      return;
    // Shown in the transcript and in tooltips, which are made when asked for; agents are read anew.
    case "model.text":
    case "model.usage":
    case "model.retry":
    case "notice":
    case "model.pulling":
    case "configuration.changed":
      return;
    default:
      foldIntoRun(runOf(model, folder, event, touch), event, touch);
  }
};

const startRun = (model: Model, folder: string, event: OfType<"run.started">, touch: Touch): void => {
  const run = runOf(model, folder, event, touch);
  run.workflow = event.workflow;
  run.model = event.model;
  run.status = "Running";
  run.completed_at = null;
  for (const name of event.stages) stageOf(run, name);
  touch(nodeId.run(run.task_id));
};

const foldIntoRun = (run: RunRecord, event: RunEvent, touch: Touch): void => {
  switch (event.type) {
    case "finding.reported":
    case "finding.changed":
      touch(run.findings.size === 0 ? nodeId.run(run.task_id) : nodeId.findings(run.task_id));
      run.findings.set(event.finding.finding_id, event.finding);
      return;
    case "run.changed":
      run.status = event.status;
      if (event.status !== "WaitingForApproval") run.approval = null;
      break;
    case "stage.started": {
      const { state } = stageOf(run, event.stage);
      state.status = "Running";
      state.round = event.round;
      state.feedback = event.feedback;
      break;
    }
    case "stage.finished":
      putStage(run, event.stage);
      break;
    case "approval.needed":
      run.approval = { stage: event.stage, question: event.question };
      run.status = "WaitingForApproval";
      break;
    case "changes.changed":
      run.changes = event.files;
      break;
    case "run.finished":
      finishRun(run, event);
      break;
  }
  touch(nodeId.run(run.task_id));
};

const finishRun = (run: RunRecord, event: OfType<"run.finished">): void => {
  run.status = event.status;
  run.completed_at = event.at;
  run.approval = null;
  run.error = event.error;
  run.usage = event.usage;
  run.changes = event.changes;
  for (const stage of event.stages) putStage(run, stage);
  for (const finding of event.findings) run.findings.set(finding.finding_id, finding);
};

/** The run of an event; one that is not known yet is made, and the list touched. */
const runOf = (
  model: Model,
  folder: string,
  event: { task_id: string; at: string },
  touch: Touch,
): RunRecord => {
  const known = model.runs.get(event.task_id);
  if (known !== undefined) return known;
  const run: RunRecord = {
    folder,
    task_id: event.task_id,
    workflow: "",
    description: "",
    file: null,
    status: "Queued",
    model: "",
    stages: new Map(),
    changes: [],
    present: new Map(),
    findings: new Map(),
    approval: null,
    error: null,
    usage: null,
    created_at: event.at,
    completed_at: null,
    complete: false,
  };
  model.runs.set(run.task_id, run);
  touch(roots.runs);
  return run;
};

const stageOf = (run: RunRecord, name: string): StageRecord => {
  const known = run.stages.get(name);
  if (known !== undefined) return known;
  const stage = emptyStage(name);
  run.stages.set(name, stage);
  return stage;
};

export const putStage = (run: RunRecord, state: StageState): void => {
  const stage = stageOf(run, state.name);
  stage.state = { ...state };
  for (const id of state.execution_ids) if (!stage.execution_ids.includes(id)) stage.execution_ids.push(id);
};

export const putExecution = (model: Model, run: RunRecord, summary: ExecutionSummary, touch: Touch): void => {
  const { execution_id, instance_id } = summary;
  if (!run.stages.has(summary.stage)) touch(nodeId.run(run.task_id));
  const known = model.executions.get(execution_id);
  moveToInstance(model, execution_id, known?.summary.instance_id ?? null, instance_id, touch);
  if (known === undefined) {
    model.executions.set(execution_id, { summary, gates: [], activity: null });
    touch(nodeId.stage(run.task_id, summary.stage));
  } else {
    // Its instance's line names the model.
    if (known.summary.model !== summary.model && instance_id !== null) touch(nodeId.instance(instance_id));
    known.summary = summary;
    if (summary.completed_at !== null) known.activity = null;
    touch(nodeId.execution(execution_id));
  }
  const { execution_ids } = stageOf(run, summary.stage);
  if (!execution_ids.includes(execution_id)) execution_ids.push(execution_id);
};

/** A resumed execution can go on in another instance. */
const moveToInstance = (
  model: Model,
  executionId: string,
  from: string | null,
  to: string | null,
  touch: Touch,
): void => {
  if (from === to) return;
  const byInstance = model.executionsByInstance;
  if (from !== null) {
    byInstance.set(
      from,
      (byInstance.get(from) ?? []).filter((id) => id !== executionId),
    );
    touch(nodeId.instance(from));
  }
  if (to !== null) {
    byInstance.set(to, [...(byInstance.get(to) ?? []), executionId]);
    touch(nodeId.instance(to));
  }
};

const addGate = (model: Model, { execution_id, proof }: OfType<"gate.proved">, touch: Touch): void => {
  const execution = model.executions.get(execution_id);
  if (execution === undefined) return;
  execution.gates = [...execution.gates.filter(({ gate }) => gate !== proof.gate), proof];
  touch(nodeId.execution(execution_id));
};

const setActivity = (model: Model, executionId: string, activity: string | null, touch: Touch): void => {
  const execution = model.executions.get(executionId);
  if (execution === undefined || execution.activity === activity) return;
  execution.activity = activity;
  touch(nodeId.execution(executionId));
};

export const putInstance = (model: Model, folder: string, instance: AgentInstance, touch: Touch): void => {
  const known = model.instances.get(instance.instance_id);
  // One that is gone is not shown; all the Runs tree needs of it stands in its executions.
  if (instance.state === "Terminated") {
    model.instances.delete(instance.instance_id);
    model.executionsByInstance.delete(instance.instance_id);
  } else model.instances.set(instance.instance_id, { folder, instance });
  const type = model.agents.get(instance.agent_id)?.agent.agent_type;
  // The type's own text counts its instances by state; a new load changes the instance's line only.
  if (known?.instance.state === instance.state) touch(nodeId.instance(instance.instance_id));
  else touch(type === undefined ? roots.agents : nodeId.type(type));
};
