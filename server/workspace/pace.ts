import { setImmediate } from "node:timers/promises";
import { fail } from "../../schemas/errors.ts";

/**
 * Divides long synchronous work: `await pace()` between its steps yields to the event loop every few
 * milliseconds, and otherwise costs almost nothing. Errors: `cancelled` once the signal has aborted; `what`
 * names the work.
 */
export const pacer = (what: string, signal: AbortSignal, sliceMs = 10): (() => Promise<void> | undefined) => {
  let sliceEnd = performance.now() + sliceMs;
  const rest = async (): Promise<void> => {
    await setImmediate();
    if (signal.aborted) throw fail("cancelled", { what });
    sliceEnd = performance.now() + sliceMs;
  };
  return () => (performance.now() < sliceEnd ? undefined : rest());
};
