import * as vscode from "vscode";
import { setContext } from "../context-keys.ts";
import { activeRuns, hasPendingChanges, type Model } from "./model.ts";
import { doneSteps, type WalkthroughStep } from "./steps.ts";

/** The numbers of active runs and of runs with changes to review, for the badge of the view and for menus. */
export class RunCounts {
  readonly #model: Model;
  readonly #view: vscode.TreeView<string>;
  /** The last values, because setting a value sends a message to the window. */
  #shown = "";
  readonly #ticked = new Set<WalkthroughStep>();

  constructor(model: Model, view: vscode.TreeView<string>) {
    this.#model = model;
    this.#view = view;
  }

  show(): void {
    const { runs } = this.#model;
    const running = activeRuns(this.#model).length;
    const pending = [...runs.values()].filter(hasPendingChanges).length;
    for (const step of doneSteps(this.#model)) this.#tick(step);
    const counts = `${running} ${pending}`;
    if (counts === this.#shown) return;
    this.#shown = counts;
    setContext("coditect.running", running > 0);
    const tooltip = vscode.l10n.t("{0} running, {1} with changes to review", running, pending);
    this.#view.badge = running + pending === 0 ? undefined : { value: running + pending, tooltip };
  }

  #tick(step: WalkthroughStep): void {
    if (this.#ticked.has(step)) return;
    this.#ticked.add(step);
    setContext(step, true);
  }
}
