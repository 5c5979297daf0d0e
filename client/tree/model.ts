import type { AgentConfig } from "../../schemas/agent.ts";
import type { PresentState } from "../../schemas/changes.ts";
import type { AgentInstance } from "../../schemas/instance.ts";
import { newRunView, type ExecutionView, type RunView } from "../../schemas/run-view.ts";
import { isRunActive } from "../../schemas/statuses.ts";

/**
 * The data of the sidebar: events are applied to it (`fold.ts`), pages of the runtime are loaded into it
 * (`load.ts`), and the two trees read it (`runs.ts`, `agents.ts`). This code does not depend on VS Code.
 */
export interface Model {
  runs: Map<string, RunRecord>;
  executions: Map<string, ExecutionView>;
  /** IDs of executions by instance, oldest first. */
  executionsByInstance: Map<string, string[]>;
  agents: Map<string, AgentRecord>;
  instances: Map<string, InstanceRecord>;
  /** The cursor of the next page of runs for each workspace folder. `null`: all are loaded. */
  cursors: Map<string, string | null>;
  /** Whether the user has loaded more. In that case, the line for it stays, because it has the focus. */
  isPaged: boolean;
  /** Names of the workspace folders by URI. Shown if there are several. */
  folderNames: Map<string, string>;
  /** The clock for running stages. The sidebar updates it. */
  now: string;
  /** Lower-case text. Only runs that contain it are shown. Empty: all runs. */
  filter: string;
}

/** A run in the sidebar. Its executions are those of the model. */
export interface RunRecord extends RunView {
  /** URI of its workspace folder. */
  folder: string;
  /** The user's task. Empty if only the workflow is known so far. */
  description: string;
  file: string | null;
  /** The current states of the changed files in the workspace, by path, if already checked. */
  present: Map<string, PresentState>;
  /** Whether its executions, changes and findings were loaded, or arrived as events from the start. */
  complete: boolean;
}

interface AgentRecord {
  folder: string;
  agent: AgentConfig;
}

export interface InstanceRecord {
  folder: string;
  instance: AgentInstance;
}

export const createModel = (): Model => ({
  runs: new Map(),
  executions: new Map(),
  executionsByInstance: new Map(),
  agents: new Map(),
  instances: new Map(),
  cursors: new Map(),
  isPaged: false,
  folderNames: new Map(),
  now: new Date().toISOString(),
  filter: "",
});

/** Removes all data of a workspace folder. */
export const removeFolder = (model: Model, folder: string): void => {
  for (const run of model.runs.values()) {
    if (run.folder !== folder) continue;
    for (const stage of run.stages.values())
      for (const id of stage.execution_ids) model.executions.delete(id);
    model.runs.delete(run.task_id);
  }
  for (const [id, record] of model.agents) if (record.folder === folder) model.agents.delete(id);
  for (const [id, record] of model.instances) {
    if (record.folder !== folder) continue;
    model.instances.delete(id);
    model.executionsByInstance.delete(id);
  }
  for (const [instance, ids] of model.executionsByInstance) {
    const kept = ids.filter((id) => model.executions.has(id));
    if (kept.length === 0) model.executionsByInstance.delete(instance);
    else model.executionsByInstance.set(instance, kept);
  }
  model.cursors.delete(folder);
};

/** A run of which only the ID is known so far. */
export const newRun = (model: Model, folder: string, task_id: string, created_at: string): RunRecord => ({
  ...newRunView(task_id, created_at, model.executions),
  folder,
  description: "",
  file: null,
  present: new Map(),
  complete: false,
});

/** Active runs, newest first. */
export const activeRuns = (model: Model): RunRecord[] =>
  [...model.runs.values()].filter(({ status }) => isRunActive(status)).sort(newestFirst);

/** Whether a newer run has started. */
export const isEarlier = (model: Model, run: RunRecord): boolean =>
  [...model.runs.values()].some(({ created_at }) => created_at > run.created_at);

export const newestFirst = (a: { created_at: string }, b: { created_at: string }): number =>
  a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : 0;

/** Whether the user must still decide about files of the run. */
export const hasPendingChanges = (run: RunRecord): boolean =>
  !isRunActive(run.status) && run.changes.some((file) => file.decision === "Pending");
