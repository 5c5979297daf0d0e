import { constants } from "node:os";
import type { WorkerEnd } from "./driver.ts";

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** A worker that needed more memory than its limits allow. */
export const outOfMemory = (memoryMb: number): WorkerEnd => ({
  kind: "out_of_memory",
  how: `out of memory: over ${memoryMb} MB`,
});

/** Why a process ended, from its exit code, its signal and its last output. */
export const endOf = (code: number | null, signal: string | null, lastWords: string): WorkerEnd => {
  // A sandbox and a shell report a signal of their child as 128 and its number.
  const name = signal ?? (code === null ? undefined : signalNames.get(code - 128));
  if (/heap out of memory|Allocation failed|std::bad_alloc|OOMErrorHandler/i.test(lastWords)) {
    return { kind: "out_of_memory", how: "out of memory" };
  }
  if (name !== undefined) return { kind: "signalled", how: `signal ${name}` };
  return { kind: "exited", how: `exit code ${code ?? "unknown"}` };
};
