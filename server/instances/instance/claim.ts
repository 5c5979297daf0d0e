import type { WorkerUsage } from "../drivers/driver.ts";
import type { ClaimRequest } from "../pool.ts";

/** What an instance works for at the moment. */
export interface Claim {
  request: ClaimRequest;
  /** Executions its worker may speak for. */
  executions: Set<string>;
  /** Processor seconds of the worker when it was claimed. */
  cpuBefore: number;
  /** Most memory seen since, in MB. */
  peakMemory: number;
  /** Resolves when it is over, however it ends. */
  over: PromiseWithResolvers<void>;
}

/** @param usage what the worker used when it was claimed. */
export const newClaim = (request: ClaimRequest, usage: WorkerUsage): Claim => ({
  request,
  executions: new Set(),
  cpuBefore: usage.cpu_seconds,
  peakMemory: usage.memory_mb,
  over: Promise.withResolvers(),
});
