import type { MeasuredResources } from "../../models/instance.ts";
import type { RunningWorker, WorkerUsage } from "../drivers/driver.ts";

/** Over a shorter time, the kernel's clock ticks are too coarse for a useful result. */
const SHORTEST_SECONDS = 0.1;

/** Measures what one instance uses. */
export interface Meter {
  /** The last measurement. */
  readonly last: WorkerUsage;
  /**
   * Measures the worker and its children. `cpu_percent` is the mean since the previous measurement.
   */
  look(worker: RunningWorker, maxAge: number | undefined): Promise<MeasuredResources>;
  /** Call this when the instance does nothing. Remembers what it uses at rest. */
  rest(): void;
  /** Whether it has more processes than at rest. After a task, these are leftovers of the task. */
  hasLeftovers(): boolean;
}

/** @param cpus the processor cores that the instance may use. `cpu_percent` is a share of them. */
export const createMeter = (cpus: number): Meter => {
  let last: WorkerUsage = { cpu_seconds: 0, memory_mb: 0, processes: 0 };
  let mark = { cpu_seconds: 0, at: performance.now() };
  let processesAtRest = Number.POSITIVE_INFINITY;
  return {
    get last() {
      return last;
    },
    look: async (worker, maxAge) => {
      last = await worker.usage(maxAge);
      const { cpu_seconds, memory_mb } = last;
      const seconds = (performance.now() - mark.at) / 1000;
      if (seconds <= SHORTEST_SECONDS) return { memory_mb };
      const cores = (cpu_seconds - mark.cpu_seconds) / seconds;
      mark = { cpu_seconds, at: performance.now() };
      return { memory_mb, cpu_percent: (cores / cpus) * 100 };
    },
    rest: () => {
      processesAtRest = last.processes;
    },
    hasLeftovers: () => last.processes > processesAtRest,
  };
};
