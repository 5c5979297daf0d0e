import type { AgentExecution } from "../../../schemas/execution.ts";
import { Stop } from "../../executions/stop.ts";
import type { StageWork } from "../stage/stage-parts.ts";

/** A running execution, with its controller and the promise of its end. */
interface RunningExecution {
  controller: AbortController;
  ended: PromiseWithResolvers<void>;
  /** The stage that ends with it; null if it is one of several attempts. */
  stage: string | null;
}

/** The running executions of a run, so that each can be cancelled alone. */
export class RunningExecutions {
  readonly #byId = new Map<string, RunningExecution>();

  /**
   * Registers work, and returns it with its own signal.
   *
   * @param stage the stage that ends with it; null if it is one of several attempts.
   */
  add(work: StageWork, stage: string | null): StageWork {
    const controller = new AbortController();
    const { execution_id } = work.execution;
    this.#byId.set(execution_id, { controller, ended: Promise.withResolvers(), stage });
    return { ...work, signal: AbortSignal.any([work.signal, controller.signal]) };
  }

  remove({ execution_id }: Pick<AgentExecution, "execution_id">): void {
    this.#byId.get(execution_id)?.ended.resolve();
    this.#byId.delete(execution_id);
  }

  /** Cancels an execution; null if it is not running. `ended` resolves when it has ended. */
  cancel(executionId: string): { ended: Promise<void>; stage: string | null } | null {
    const running = this.#byId.get(executionId);
    if (running === undefined) return null;
    running.controller.abort(new Stop("cancelled"));
    return { ended: running.ended.promise, stage: running.stage };
  }
}
