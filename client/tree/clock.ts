import type { Touch } from "./fold.ts";
import { activeRuns, type Model } from "./model.ts";
import { nodeId } from "./nodes.ts";

const TICK_MS = 1000;

/** Updates the elapsed time of running stages while the view is visible. */
export class StageClock {
  readonly #model: Model;
  readonly #isSeen: () => boolean;
  readonly #touch: Touch;
  #timer: NodeJS.Timeout | null = null;

  constructor(model: Model, isSeen: () => boolean, touch: Touch) {
    this.#model = model;
    this.#isSeen = isSeen;
    this.#touch = touch;
  }

  /** Starts if there are running stages, otherwise stops. */
  follow(): void {
    const isNeeded = activeRuns(this.#model).length > 0;
    if (isNeeded && this.#timer === null)
      this.#timer = setInterval(() => {
        this.#tick();
      }, TICK_MS);
    else if (!isNeeded) this.dispose();
  }

  dispose(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #tick(): void {
    this.#model.now = new Date().toISOString();
    if (!this.#isSeen()) return;
    for (const run of activeRuns(this.#model))
      for (const { state } of run.stages.values())
        if (state.status === "Running") this.#touch(nodeId.stage(run.task_id, state.name));
  }
}
