import type { RuntimeType } from "../../../schemas/agent.ts";
import type { Driver, RunningWorker, TellWait, WorkerSpec } from "./driver.ts";

/**
 * A driver whose code is loaded when it is first used. Most runs stay on this machine, so they need not wait
 * for the client of an engine or cluster.
 */
export class DeferredDriver implements Driver {
  readonly runtime: RuntimeType;
  readonly #load: () => Promise<Driver>;
  #loading: Promise<Driver> | undefined;

  constructor(runtime: RuntimeType, load: () => Promise<Driver>) {
    this.runtime = runtime;
    this.#load = load;
  }

  async start(spec: WorkerSpec, signal: AbortSignal, tellWait: TellWait): Promise<RunningWorker> {
    return (await this.#driver()).start(spec, signal, tellWait);
  }

  async removeOrphans(): Promise<number> {
    return (await this.#driver()).removeOrphans();
  }

  /** A driver that was never used has nothing to remove. */
  async close(): Promise<void> {
    await (await this.#loading)?.close?.();
  }

  /** All callers share one driver, because a driver knows its own workers. */
  #driver(): Promise<Driver> {
    return (this.#loading ??= this.#load());
  }
}
