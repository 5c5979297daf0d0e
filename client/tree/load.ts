import type { AgentConfig } from "../../schemas/agent.ts";
import type { ChangedFile } from "../../schemas/changes.ts";
import type { MethodResult, RunDetails } from "../../schemas/contract.ts";
import type { Finding } from "../../schemas/findings.ts";
import type { AgentInstance } from "../../schemas/instance.ts";
import type { Task, TeamRun } from "../../schemas/run.ts";
import { loadRunView } from "../../schemas/run-view.ts";
import { moveToInstance, putInstance, type Touch } from "./fold.ts";
import { newRun, type Model, type RunRecord } from "./model.ts";
import { nodeId, roots } from "./nodes.ts";

/** Adds one page of `runs/list` to the model. */
export const loadRuns = (
  model: Model,
  folder: string,
  page: MethodResult<"runs/list">,
  touch: Touch,
): void => {
  for (const { task, run } of page.items) putRun(model, folder, task, run);
  model.cursors.set(folder, page.next_cursor);
  touch(roots.runs);
};

/** Adds the task and the state of one run, from the answer of `teams/execute` or `runs/get`. */
const putRun = (model: Model, folder: string, task: Task, run: TeamRun): RunRecord => {
  const record = model.runs.get(run.task_id) ?? newRun(model, folder, run.task_id, run.created_at);
  Object.assign(record, {
    workflow: task.workflow,
    description: task.description,
    file: task.file,
    status: run.status,
    approval: run.status === "WaitingForApproval" ? (record.approval ?? waitingAt(run)) : null,
    error: run.error,
    usage: run.usage,
    created_at: run.created_at,
    completed_at: run.completed_at,
  });
  if (record.model === "" && run.options.provider !== null)
    record.model = describeProvider(run.options.provider);
  loadRunView(record, run, []);
  model.runs.set(run.task_id, record);
  return record;
};

const waitingAt = (run: TeamRun): RunRecord["approval"] => {
  const stage = run.stages.find(({ status }) => status === "WaitingForApproval");
  return stage === undefined ? null : { stage: stage.name, question: "" };
};

/** `Ollama/qwen3-coder`, as in events. */
export const describeProvider = (provider: AgentConfig["provider"]): string =>
  Object.entries(provider)
    .map(([name, { model }]: [string, { model: string }]) => `${name}/${model}`)
    .join();

/** Adds the content of one run. Loaded when its node is opened. */
export const loadRun = (
  model: Model,
  folder: string,
  { details, changes, findings }: { details: RunDetails; changes: ChangedFile[]; findings: Finding[] },
  touch: Touch,
): void => {
  const run = putRun(model, folder, details.task, details.run);
  for (const { execution_id, instance_id } of details.executions) {
    const before = model.executions.get(execution_id)?.summary.instance_id ?? null;
    moveToInstance(model, execution_id, before, instance_id, () => undefined);
  }
  loadRunView(run, details.run, details.executions);
  run.changes = changes;
  for (const finding of findings) run.findings.set(finding.finding_id, finding);
  run.complete = true;
  touch(nodeId.run(run.task_id));
};

/** Adds all agents of a folder and their instances. */
export const loadAgents = (
  model: Model,
  folder: string,
  agents: readonly AgentConfig[],
  instances: readonly AgentInstance[],
  touch: Touch,
): void => {
  for (const [id, record] of model.agents) if (record.folder === folder) model.agents.delete(id);
  const alive = new Set(instances.map(({ instance_id }) => instance_id));
  for (const [id, record] of model.instances)
    if (record.folder === folder && !alive.has(id)) dropInstance(model, id);
  for (const agent of agents) model.agents.set(agent.agent_id, { folder, agent });
  for (const instance of instances) putInstance(model, folder, instance, () => undefined);
  touch(roots.agents);
};

/** Removes every instance. They ended with their runtime, which no longer reports them. */
export const dropInstances = (model: Model, touch: Touch): void => {
  for (const id of model.instances.keys()) dropInstance(model, id);
  touch(roots.agents);
};

const dropInstance = (model: Model, id: string): void => {
  model.instances.delete(id);
  model.executionsByInstance.delete(id);
};
