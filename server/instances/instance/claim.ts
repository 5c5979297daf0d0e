import type { WorkerUsage } from "../drivers/driver.ts";
import type { ClaimRequest } from "../pool.ts";

/** The claim that an instance works for at the moment. */
export interface Claim {
  request: ClaimRequest;
  /** Executions that its worker may act for. */
  executions: Set<string>;
  /** Processor seconds of the worker when it was claimed. */
  cpuBefore: number;
  /** The highest measured memory since then, in MB. */
  peakMemory: number;
  /** Resolves when the claim ends, for whatever reason. */
  over: PromiseWithResolvers<void>;
}

/** @param usage what the worker uses at the start of the claim. */
export const newClaim = (request: ClaimRequest, usage: WorkerUsage): Claim => ({
  request,
  executions: new Set(),
  cpuBefore: usage.cpu_seconds,
  peakMemory: usage.memory_mb,
  over: Promise.withResolvers(),
});
