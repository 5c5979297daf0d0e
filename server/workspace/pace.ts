import { setImmediate } from "node:timers/promises";
import { fail } from "../../schemas/errors.ts";

/**
 * Lets a long synchronous piece of work breathe: `await pace()` between its steps gives the event
 * loop its turn every few milliseconds and otherwise costs next to nothing. Errors: `cancelled`
 * once the signal has aborted; `what` names the work.
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
