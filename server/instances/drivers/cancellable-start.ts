import { untilAborted } from "../../../schemas/abortable.ts";
import { fail } from "../../../schemas/errors.ts";
import type { RunningWorker } from "./driver.ts";

/**
 * Starts a worker on an engine that may answer late. Rejects with `cancelled` as soon as the signal
 * aborts; a worker that starts after that is killed, so that nothing is left behind.
 */
export const startUnlessCancelled = async (
  launch: () => Promise<RunningWorker>,
  signal: AbortSignal,
): Promise<RunningWorker> => {
  const cancelled = fail("cancelled", { what: "Starting the instance" });
  if (signal.aborted) throw cancelled;
  const launched = launch();
  try {
    return await untilAborted(launched, signal, () => cancelled);
  } catch (error) {
    if (error === cancelled)
      void launched.then(
        (late) => late.kill({ kind: "stopped", how: "not wanted" }),
        () => undefined,
      );
    throw error;
  }
};
