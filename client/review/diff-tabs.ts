import * as vscode from "vscode";
import { setContext } from "../context-keys.ts";
import type { RunRecord } from "../tree/model.ts";
import { runTitle } from "../tree/run-items.ts";

/** The run whose changes a diff editor shows. */
export interface ShownRun {
  folder: string;
  task_id: string;
}

/** The multi-file diffs of runs. VS Code reports only a tab's title, so each run's title is its own. */
export class DiffTabs {
  readonly #runs: ReadonlyMap<string, RunRecord>;
  readonly #titles = new Map<string, ShownRun>();
  readonly #subscriptions: readonly vscode.Disposable[];
  #shown: ShownRun | null = null;

  constructor(runs: ReadonlyMap<string, RunRecord>) {
    this.#runs = runs;
    const look = () => {
      this.#look();
    };
    this.#subscriptions = [
      vscode.window.tabGroups.onDidChangeTabs(look),
      vscode.window.tabGroups.onDidChangeTabGroups(look),
    ];
  }

  /** The run whose multi-file diff is the active editor. */
  get shown(): ShownRun | null {
    return this.#shown;
  }

  async open(run: ShownRun, files: readonly (vscode.Uri | undefined)[][]): Promise<void> {
    const title = this.#titleOf(run.task_id);
    this.#titles.set(title, run);
    await vscode.commands.executeCommand("vscode.changes", title, files);
    this.#look();
  }

  /** Closes a diff without open decisions. */
  async close(taskId: string): Promise<void> {
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    const shows = ({ label }: vscode.Tab) => this.#shownIn(label)?.task_id === taskId;
    await vscode.window.tabGroups.close(tabs.filter(shows), true);
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #look(): void {
    const label = vscode.window.tabGroups.activeTabGroup.activeTab?.label;
    this.#shown = label === undefined ? null : this.#shownIn(label);
    setContext("coditect.reviewing", this.#shown !== null);
  }

  #titleOf(taskId: string): string {
    const run = this.#runs.get(taskId);
    const title = vscode.l10n.t("Changes: {0}", run === undefined ? taskId : runTitle(run));
    const isTaken = (this.#titles.get(title)?.task_id ?? taskId) !== taskId;
    if (!isTaken || run === undefined) return title;
    return vscode.l10n.t("Changes ({1}): {0}", runTitle(run), new Date(run.created_at).toLocaleTimeString());
  }

  /** VS Code appends the number of files to a title, and a title can begin with another: the longest wins. */
  #shownIn(label: string): ShownRun | null {
    const [title] = [...this.#titles.keys()]
      .filter((known) => label.startsWith(known))
      .sort((one, other) => other.length - one.length);
    return title === undefined ? null : (this.#titles.get(title) ?? null);
  }
}
