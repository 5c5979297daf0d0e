import * as vscode from "vscode";
import { setContext } from "./context-keys.ts";
import { viewIds } from "./contributions.ts";
import { foldersWithState } from "./folders.ts";
import { followFiles } from "./review/follow-files.ts";
import type { RuntimeClient } from "./runtime/api.ts";
import { agentsTree } from "./tree/agents.ts";
import { fold, type Touch } from "./tree/fold.ts";
import { dropInstances, loadAgents, loadRun, loadRuns } from "./tree/load.ts";
import { activeRuns, createModel, hasPendingChanges, removeFolder, type Model } from "./tree/model.ts";
import { parseNode, roots } from "./tree/nodes.ts";
import { runsTree } from "./tree/runs.ts";
import { createTreeView } from "./tree/view.ts";

const PAGE = 50;
const SETTLE_MS = 100;

/** The two trees of the sidebar and the model they show, kept up by events. */
export interface Sidebar {
  readonly model: Model;
  readonly runs: vscode.TreeView<string>;
  /** Fires after events were folded in, at most ten times a second. */
  readonly onChange: vscode.Event<void>;
  /** Reads what the runtime has stored for a folder (URI). */
  load(folder: string): Promise<void>;
  /** Reads a run with its executions, changes and findings. */
  loadRun(folder: string, taskId: string): Promise<void>;
  loadMore(): Promise<void>;
  setFilter(text: string): void;
  dispose(): void;
}

/** `storage`: see {@link foldersWithState}. */
export const createSidebar = (
  runtime: RuntimeClient,
  log: vscode.LogOutputChannel,
  storage: vscode.Uri | undefined,
): Sidebar => {
  const model = createModel();
  nameFolders(model);
  const changed = new vscode.EventEmitter<void>();
  const loading = new Map<string, Promise<void>>();

  const touch: Touch = (node) => {
    runs.touch(node);
    agents.touch(node);
  };
  const folderOf = (id: string): string | null => {
    const node = parseNode(id);
    return node !== null && "task_id" in node ? (model.runs.get(node.task_id)?.folder ?? null) : null;
  };

  const readRun = async (folder: string, task_id: string): Promise<void> => {
    const [details, findings, changes] = await Promise.all([
      runtime.call("runs/get", { task_id }, folder),
      runtime.call("findings/list", { task_id, limit: 500 }, folder),
      // A run that has not come to changes yet has no change set.
      runtime.call("changes/get", { task_id }, folder).catch(() => null),
    ]);
    loadRun(
      model,
      folder,
      { details, findings: findings.items, changes: changes?.change_set.files ?? [] },
      touch,
    );
    const run = model.runs.get(task_id);
    if (run !== undefined) files.look(run);
    showCounts();
  };
  /** Two openings of the same node read it once. */
  const once = (key: string, read: () => Promise<void>): Promise<void> => {
    const open = loading.get(key) ?? read().finally(() => loading.delete(key));
    loading.set(key, open);
    return open;
  };
  const readAgents = async (folder: string): Promise<void> => {
    const [agentPage, instancePage] = await Promise.all([
      runtime.call("agents/list", { limit: 500 }, folder),
      runtime.call("instances/list", { active: true, limit: 500 }, folder),
    ]);
    loadAgents(model, folder, agentPage.items, instancePage.items, touch);
  };
  const load = (folder: string): Promise<void> =>
    once(folder, async () => {
      loadRuns(model, folder, await runtime.call("runs/list", { limit: PAGE }, folder), touch);
      showCounts();
      await readAgents(folder);
    });

  /** What events ask for goes on in the background; the next event asks again. */
  const reread = (reading: Promise<void>): void => {
    reading.catch((error: unknown) => {
      log.warn("The runtime's records could not be read", error);
    });
  };
  const openRun = async (id: string): Promise<void> => {
    const node = parseNode(id);
    const run = node?.kind === "run" ? model.runs.get(node.task_id) : undefined;
    if (run === undefined || run.complete) return;
    await once(run.task_id, () => readRun(run.folder, run.task_id)).catch((error: unknown) => {
      log.warn("A run could not be read", error);
    });
  };

  const runs = createTreeView({
    id: viewIds.runs,
    tree: runsTree(model, vscode.l10n),
    root: roots.runs,
    folderOf,
    open: openRun,
  });
  const agents = createTreeView({
    id: viewIds.agents,
    tree: agentsTree(model, vscode.l10n),
    root: roots.agents,
    folderOf,
  });

  const files = followFiles(model, touch);

  /** What was set last: each time costs a message to the window. */
  let counted = "";
  const showCounts = () => {
    const running = activeRuns(model).length;
    const pending = [...model.runs.values()].filter(hasPendingChanges).length;
    const counts = `${running} ${pending} ${model.runs.size > 0}`;
    if (counts === counted) return;
    counted = counts;
    setContext("coditect.running", running > 0);
    setContext("coditect.hasRuns", model.runs.size > 0);
    const tooltip = vscode.l10n.t("{0} at work, {1} with changes to review", running, pending);
    runs.view.badge = running + pending === 0 ? undefined : { value: running + pending, tooltip };
  };

  /** What counts and sums up all runs is done after a burst of events, not after each. */
  let unsettled: "nothing" | "text" | "counts" = "nothing";
  const settle = (what: "text" | "counts") => {
    if (unsettled === "nothing")
      setTimeout(() => {
        if (unsettled === "counts") showCounts();
        unsettled = "nothing";
        changed.fire();
      }, SETTLE_MS);
    if (unsettled !== "counts") unsettled = what;
  };

  const startWhenNeeded = async () => {
    if (runtime.state.kind === "stopped" && (await foldersWithState(storage)).length > 0)
      await runtime.start().catch(() => undefined); // Said by the status item and the view.
  };

  const subscriptions = [
    runtime.onEvent(({ folder, event }) => {
      const isNew = "task_id" in event && !model.runs.has(event.task_id);
      fold(model, folder, event, touch);
      if (isNew) reread(once(event.task_id, () => readRun(folder, event.task_id)));
      const isStranger = event.type === "instance.changed" && !model.agents.has(event.instance.agent_id);
      if (!model.cursors.has(folder)) reread(load(folder));
      else if (event.type === "configuration.changed" || isStranger)
        reread(once(`agents of ${folder}`, () => readAgents(folder)));
      if (event.type === "changes.changed" || event.type === "run.finished") {
        const run = model.runs.get(event.task_id);
        if (run !== undefined) files.look(run);
      }
      settle(cheapEvents.has(event.type) ? "text" : "counts");
    }),
    runtime.onState(({ kind }) => {
      setContext("coditect.runtime", kind);
      if (kind !== "ready") dropInstances(model, touch);
      if (kind === "ready")
        void foldersWithState(storage).then((folders) =>
          Promise.all(folders.map(({ uri }) => load(uri.toString()))),
        );
    }),
    vscode.workspace.onDidChangeWorkspaceFolders(({ removed }) => {
      nameFolders(model);
      for (const { uri } of removed) removeFolder(model, uri.toString());
      showCounts();
      touch(roots.runs);
      touch(roots.agents);
    }),
    runs.view.onDidChangeVisibility(({ visible }) => {
      if (visible) void startWhenNeeded();
    }),
  ];

  return {
    model,
    runs: runs.view,
    onChange: changed.event,
    load,
    loadRun: (folder, taskId) => once(taskId, () => readRun(folder, taskId)),
    loadMore: async () => {
      for (const [folder, cursor] of model.cursors) {
        if (cursor === null) continue;
        loadRuns(model, folder, await runtime.call("runs/list", { limit: PAGE, cursor }, folder), touch);
      }
    },
    setFilter: (text) => {
      model.filter = text.trim().toLowerCase();
      setContext("coditect.filtered", model.filter !== "");
      runs.view.message = model.filter === "" ? "" : vscode.l10n.t("Runs with “{0}”", text.trim());
      touch(roots.runs);
    },
    dispose: () => {
      for (const subscription of [...subscriptions, files, runs, agents, changed]) subscription.dispose();
    },
  };
};

const nameFolders = (model: Model): void => {
  const folders = vscode.workspace.workspaceFolders ?? [];
  model.folderNames = new Map(folders.map(({ uri, name }) => [uri.toString(), name]));
};

/** Frequent events that change no count. */
const cheapEvents: ReadonlySet<string> = new Set([
  "model.text",
  "model.usage",
  "tool.started",
  "tool.called",
  "execution.changed",
  "instance.changed",
]);
