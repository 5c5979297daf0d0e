import * as vscode from "vscode";
import type { RuntimeEvent } from "../schemas/events.ts";
import { setContext } from "./context-keys.ts";
import { viewIds } from "./contributions.ts";
import { foldersWithState } from "./folders.ts";
import { followFiles, type FileFollower } from "./review/follow-files.ts";
import type { RuntimeClient } from "./runtime/api.ts";
import { agentsTree } from "./tree/agents.ts";
import { StageClock } from "./tree/clock.ts";
import { RunCounts } from "./tree/counts.ts";
import { fold } from "./tree/fold.ts";
import { dropInstances } from "./tree/load.ts";
import { createModel, removeFolder, type Model } from "./tree/model.ts";
import { parseNode, roots } from "./tree/nodes.ts";
import { RecordReader } from "./tree/reader.ts";
import { runsTree } from "./tree/runs.ts";
import { createTreeView, type TreeView } from "./tree/view.ts";

const SETTLE_MS = 100;

/** Frequent events that change no count. */
const cheapEvents: ReadonlySet<string> = new Set([
  "model.text",
  "model.usage",
  "tool.started",
  "tool.called",
  "execution.changed",
  "instance.changed",
]);

/** The two trees of the sidebar and their model, which events update. */
export class Sidebar {
  readonly model: Model = createModel();
  readonly #runtime: RuntimeClient;
  readonly #log: vscode.LogOutputChannel;
  readonly #storage: vscode.Uri | undefined;
  readonly #runs: TreeView;
  readonly #agents: TreeView;
  readonly #reader: RecordReader;
  readonly #counts: RunCounts;
  readonly #clock: StageClock;
  readonly #files: FileFollower;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: readonly vscode.Disposable[];
  #settling: NodeJS.Timeout | undefined;
  /** The changes by events since the last update. */
  #unsettled: "nothing" | "text" | "counts" = "nothing";

  /** @param storage see {@link foldersWithState} */
  constructor(runtime: RuntimeClient, log: vscode.LogOutputChannel, storage: vscode.Uri | undefined) {
    this.#runtime = runtime;
    this.#log = log;
    this.#storage = storage;
    nameFolders(this.model);
    this.#runs = createTreeView({
      id: viewIds.runs,
      tree: runsTree(this.model, vscode.l10n),
      root: roots.runs,
      folderOf: (node) => this.#folderOf(node),
      open: (node) => this.#open(node),
    });
    this.#agents = createTreeView({
      id: viewIds.agents,
      tree: agentsTree(this.model, vscode.l10n),
      root: roots.agents,
      folderOf: (node) => this.#folderOf(node),
    });
    this.#reader = new RecordReader(runtime, this.model, this.#touch);
    this.#counts = new RunCounts(this.model, this.#runs.view);
    this.#clock = new StageClock(this.model, () => this.#runs.view.visible, this.#touch);
    this.#files = followFiles(this.model, this.#touch);
    this.#subscriptions = [
      runtime.onEvent(({ folder, event }) => {
        this.#onEvent(folder, event);
      }),
      runtime.onState((state) => {
        this.#onState(state);
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(({ removed }) => {
        this.#onFolders(removed);
      }),
    ];
  }

  get runs(): vscode.TreeView<string> {
    return this.#runs.view;
  }

  /** Fires after events were applied, at most ten times a second. */
  get onChange(): vscode.Event<void> {
    return this.#changed.event;
  }

  /** Reads a run with its executions, changes and findings. */
  async loadRun(folder: string, taskId: string): Promise<void> {
    await this.#reader.run(folder, taskId);
    this.#lookAtFiles(taskId);
    this.#counts.show();
  }

  loadMore(): Promise<void> {
    this.model.isPaged = true;
    return this.#reader.more();
  }

  /** Shows only the runs whose text contains `text`. */
  setFilter(text: string): void {
    this.model.filter = text.trim().toLowerCase();
    const isFiltered = this.model.filter !== "";
    setContext("coditect.filtered", isFiltered);
    this.#runs.view.message = isFiltered ? vscode.l10n.t("Runs with “{0}”", text.trim()) : "";
    this.#touch(roots.runs);
  }

  dispose(): void {
    clearTimeout(this.#settling);
    const parts = [this.#clock, this.#files, this.#runs, this.#agents, this.#changed];
    for (const part of [...this.#subscriptions, ...parts]) part.dispose();
  }

  readonly #touch = (node: string): void => {
    this.#runs.touch(node);
    this.#agents.touch(node);
  };

  #folderOf(id: string): string | null {
    const node = parseNode(id);
    return node !== null && "task_id" in node ? (this.model.runs.get(node.task_id)?.folder ?? null) : null;
  }

  async #open(id: string): Promise<void> {
    const node = parseNode(id);
    const run = node?.kind === "run" ? this.model.runs.get(node.task_id) : undefined;
    if (run === undefined || run.complete) return;
    await this.loadRun(run.folder, run.task_id).catch((error: unknown) => {
      this.#log.warn("A run could not be read", error);
    });
  }

  async #load(folder: string): Promise<void> {
    await this.#reader.folder(folder);
    this.#counts.show();
  }

  /** Records that events need are read in the background. After a failure, the next event tries again. */
  #reread(reading: Promise<void>): void {
    reading.catch((error: unknown) => {
      this.#log.warn("The runtime's records could not be read", error);
    });
  }

  #lookAtFiles(taskId: string): void {
    const run = this.model.runs.get(taskId);
    if (run !== undefined) this.#files.look(run);
  }

  #onEvent(folder: string, event: RuntimeEvent): void {
    const { model } = this;
    const isNewRun = "task_id" in event && !model.runs.has(event.task_id);
    fold(model, folder, event, this.#touch);
    if (isNewRun) this.#reread(this.loadRun(folder, event.task_id));
    const isUnknownAgent = event.type === "instance.changed" && !model.agents.has(event.instance.agent_id);
    if (!model.cursors.has(folder)) this.#reread(this.#load(folder));
    else if (event.type === "configuration.changed" || isUnknownAgent)
      this.#reread(this.#reader.agents(folder));
    if (event.type === "changes.changed" || event.type === "run.finished") this.#lookAtFiles(event.task_id);
    this.#settle(cheapEvents.has(event.type) ? "text" : "counts");
  }

  /** Counts and totals over all runs are computed after a burst of events, not after each event. */
  #settle(what: "text" | "counts"): void {
    if (this.#unsettled === "nothing")
      this.#settling = setTimeout(() => {
        if (this.#unsettled === "counts") this.#counts.show();
        this.#unsettled = "nothing";
        this.#clock.follow();
        this.#changed.fire();
      }, SETTLE_MS);
    if (this.#unsettled !== "counts") this.#unsettled = what;
  }

  #onState(state: RuntimeClient["state"]): void {
    setContext("coditect.runtime", state.kind);
    if (state.kind !== "ready") dropInstances(this.model, this.#touch);
    // Events may be missing from the time when the team server did not answer, so everything is read again.
    else if (state.isReached) this.#reread(this.#loadFolders());
  }

  async #loadFolders(): Promise<void> {
    const isElsewhere = this.#runtime.state.kind === "ready" && this.#runtime.state.server !== null;
    const folders = isElsewhere
      ? (vscode.workspace.workspaceFolders ?? [])
      : await foldersWithState(this.#storage);
    await Promise.all(folders.map(({ uri }) => this.#load(uri.toString())));
  }

  #onFolders(removed: readonly vscode.WorkspaceFolder[]): void {
    nameFolders(this.model);
    for (const { uri } of removed) removeFolder(this.model, uri.toString());
    this.#counts.show();
    this.#clock.follow();
    this.#touch(roots.runs);
    this.#touch(roots.agents);
  }
}

const nameFolders = (model: Model): void => {
  const folders = vscode.workspace.workspaceFolders ?? [];
  model.folderNames = new Map(folders.map(({ uri, name }) => [uri.toString(), name]));
};
