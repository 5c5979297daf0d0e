import * as vscode from "vscode";
import { setContext } from "../context-keys.ts";
import { activeRuns, hasPendingChanges, type Model } from "./model.ts";

/** How many runs are active or wait for a review: the badge of the view, and what menus depend on. */
export class RunCounts {
  readonly #model: Model;
  readonly #view: vscode.TreeView<string>;
  /** What was set last: setting it costs a message to the window. */
  #shown = "";

  constructor(model: Model, view: vscode.TreeView<string>) {
    this.#model = model;
    this.#view = view;
  }

  show(): void {
    const { runs } = this.#model;
    const running = activeRuns(this.#model).length;
    const pending = [...runs.values()].filter(hasPendingChanges).length;
    const counts = `${running} ${pending} ${runs.size > 0}`;
    if (counts === this.#shown) return;
    this.#shown = counts;
    setContext("coditect.running", running > 0);
    setContext("coditect.hasRuns", runs.size > 0);
    const tooltip = vscode.l10n.t("{0} running, {1} with changes to review", running, pending);
    this.#view.badge = running + pending === 0 ? undefined : { value: running + pending, tooltip };
  }
}
