import type { MeasuredResources } from "../../models/instance.ts";
import type { RunningWorker, WorkerUsage } from "../drivers/driver.ts";

/** Below this the clock ticks of the kernel are too coarse to mean anything. */
const SHORTEST_SECONDS = 0.1;

/** What one instance uses, look by look. */
export interface Meter {
  /** As it was at the last look. */
  readonly last: WorkerUsage;
  /** Looks at the worker and its children; the processor's share counts from the look before. */
  look(worker: RunningWorker, maxAge: number | undefined): Promise<MeasuredResources>;
  /** It does nothing now: what it uses is what it needs at rest. */
  rest(): void;
  /** Whether it has more processes than at rest: more after a task are leftovers. */
  hasLeftovers(): boolean;
}

/** @param cpus processor cores the instance may use: its share is of these. */
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
