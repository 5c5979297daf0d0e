import type { RunEvent, RuntimeEvent } from "../../schemas/events.ts";
import type { AgentInstance } from "../../schemas/instance.ts";
import { foldRun } from "../../schemas/run-view.ts";
import { hasPendingChanges, newRun, type Model, type RunRecord } from "./model.ts";
import { nodeId, roots } from "./nodes.ts";

/** Collects the nodes to redraw. */
export type Touch = (node: string) => void;

type OfType<Type extends RuntimeEvent["type"]> = Extract<RuntimeEvent, { type: Type }>;
type ExecutionEvent = OfType<
  "gate.proved" | "tool.started" | "tool.called" | "model.retry" | "suite.started" | "suite.ended"
>;

/**
 * Applies one event to the model and touches only the nodes whose own text or list of children changed,
 * because VS Code redraws everything below a node.
 */
export const fold = (model: Model, folder: string, event: RuntimeEvent, touch: Touch): void => {
  switch (event.type) {
    case "instance.changed":
      putInstance(model, folder, event.instance, touch);
      return;
    case "execution.changed":
      putExecution(model, runOf(model, folder, event, touch), event, touch);
      return;
    case "tool.started":
    case "tool.called":
    case "model.retry":
    case "suite.started":
    case "suite.ended":
    case "gate.proved":
      foldIntoExecution(model, event, touch);
      return;
    // Only the transcript shows these events. Agents are loaded again as a whole.
    case "model.asked":
    case "model.text":
    case "model.usage":
    case "notice":
    case "model.pulling":
    case "alert.changed":
    case "configuration.changed":
      return;
    default: {
      const run = runOf(model, folder, event, touch);
      const before = { hadFindings: run.findings.size > 0, hadChanges: run.changes.length > 0 };
      const wasPending = hasPendingChanges(run);
      foldRun(run, event);
      const isFinding = event.type === "finding.reported" || event.type === "finding.changed";
      // The run's own line says whether changes are pending.
      const isFile = event.type === "changes.changed" && run.changes.length > 0;
      if (isFinding && before.hadFindings) touch(nodeId.findings(run.task_id));
      else if (isFile && before.hadChanges && wasPending === hasPendingChanges(run))
        touch(nodeId.changes(run.task_id));
      else touch(nodeId.run(run.task_id));
    }
  }
};

/** The run of an event. An unknown run is added to the list. */
const runOf = (model: Model, folder: string, event: RunEvent, touch: Touch): RunRecord => {
  const known = model.runs.get(event.task_id);
  if (known !== undefined) return known;
  const run = newRun(model, folder, event.task_id, event.at);
  model.runs.set(run.task_id, run);
  touch(roots.runs);
  return run;
};

const putExecution = (
  model: Model,
  run: RunRecord,
  event: OfType<"execution.changed">,
  touch: Touch,
): void => {
  const { execution_id, instance_id, stage, model: asked } = event.execution;
  const known = model.executions.get(execution_id);
  const before = known?.summary;
  const activity = known?.activity;
  if (!run.stages.has(stage)) touch(nodeId.run(run.task_id));
  moveToInstance(model, execution_id, before?.instance_id ?? null, instance_id, touch);
  foldRun(run, event);
  if (before === undefined) {
    touch(nodeId.stage(run.task_id, stage));
    return;
  }
  if (known?.activity !== activity) touch(nodeId.stage(run.task_id, stage));
  // Its instance's line names the model.
  if (before.model !== asked && instance_id !== null) touch(nodeId.instance(instance_id));
  touch(nodeId.execution(execution_id));
};

/** A resumed execution can continue in another instance. */
export const moveToInstance = (
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

const foldIntoExecution = (model: Model, event: ExecutionEvent, touch: Touch): void => {
  const run = model.runs.get(event.task_id);
  const execution = model.executions.get(event.execution_id);
  if (run === undefined || execution === undefined) return;
  const { gates, activity } = execution;
  foldRun(run, event);
  const { summary } = execution;
  // A running stage shows the activity of its last execution.
  if (execution.activity !== activity) touch(nodeId.stage(run.task_id, summary.stage));
  // It also has a line below its instance.
  if (execution.gates !== gates || execution.activity !== activity)
    touch(nodeId.execution(event.execution_id));
};

export const putInstance = (model: Model, folder: string, instance: AgentInstance, touch: Touch): void => {
  const known = model.instances.get(instance.instance_id);
  // A terminated instance is not shown. The Runs view finds its data in the executions.
  if (instance.state === "Terminated") {
    model.instances.delete(instance.instance_id);
    model.executionsByInstance.delete(instance.instance_id);
  } else model.instances.set(instance.instance_id, { folder, instance });
  const type = model.agents.get(instance.agent_id)?.agent.agent_type;
  // The first and the last instance of a type change its line, so its list must be redrawn.
  if (known === undefined || instance.state === "Terminated") touch(roots.agents);
  // The type's own text counts its instances by state. A new load changes only the instance's line.
  else if (known.instance.state === instance.state) touch(nodeId.instance(instance.instance_id));
  else touch(type === undefined ? roots.agents : nodeId.type(type));
};
