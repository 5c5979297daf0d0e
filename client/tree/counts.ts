import * as vscode from "vscode";
import { setContext } from "../context-keys.ts";
import { activeRuns, hasPendingChanges, type Model, type RunRecord } from "./model.ts";

/** The model of the built-in script. */
const REHEARSAL = "/rehearsal";

type Step = "coditect.rehearsed" | "coditect.ranOwn" | "coditect.applied";

/** The numbers of active runs and of runs with changes to review, for the badge of the view and for menus. */
export class RunCounts {
  readonly #model: Model;
  readonly #view: vscode.TreeView<string>;
  /** The last values, because setting a value sends a message to the window. */
  #shown = "";
  readonly #ticked = new Set<Step>();

  constructor(model: Model, view: vscode.TreeView<string>) {
    this.#model = model;
    this.#view = view;
  }

  show(): void {
    const { runs } = this.#model;
    const running = activeRuns(this.#model).length;
    const pending = [...runs.values()].filter(hasPendingChanges).length;
    this.#tickWalkthrough();
    const counts = `${running} ${pending}`;
    if (counts === this.#shown) return;
    this.#shown = counts;
    setContext("coditect.running", running > 0);
    const tooltip = vscode.l10n.t("{0} running, {1} with changes to review", running, pending);
    this.#view.badge = running + pending === 0 ? undefined : { value: running + pending, tooltip };
  }

  /** A step of the walkthrough is done when its action succeeded, not when it was tried. */
  #tickWalkthrough(): void {
    const succeeded = [...this.#model.runs.values()].filter(({ status }) => status === "Succeeded");
    const isRehearsal = ({ model }: RunRecord): boolean => model.endsWith(REHEARSAL);
    if (succeeded.some(isRehearsal)) this.#tick("coditect.rehearsed");
    if (succeeded.some((run) => !isRehearsal(run))) this.#tick("coditect.ranOwn");
    const decisions = succeeded.flatMap(({ changes }) => changes.map(({ decision }) => decision));
    if (decisions.some((decision) => decision !== "Pending" && decision !== "Discarded"))
      this.#tick("coditect.applied");
  }

  #tick(step: Step): void {
    if (this.#ticked.has(step)) return;
    this.#ticked.add(step);
    setContext(step, true);
  }
}
