import type { RunEvent, RunFinished, RuntimeEvent } from "../../schemas/events.ts";
import type { TeamRun } from "../../schemas/run.ts";
import type { Connection } from "./connection.ts";

export interface RunToFollow {
  connection: Connection;
  /** Starts or resumes the run. Events that arrive before it resolves are kept. */
  start: () => Promise<TeamRun>;
  /** Called with every event of the run, in order. A rejected promise ends the following. */
  onEvent: (event: RunEvent) => Promise<unknown> | undefined;
  /** Cancels the run. Its last event still arrives. */
  signal: AbortSignal;
}

/**
 * Starts a run and follows it to its last event. Errors: those of `start`, of `onEvent`, of
 * `runs/cancel`, and `runtime_gone`.
 */
export const followRun = async ({
  connection,
  start,
  onEvent,
  signal,
}: RunToFollow): Promise<RunFinished> => {
  const early: RuntimeEvent[] = [];
  let handle = (event: RuntimeEvent): void => void early.push(event);
  const unsubscribe = connection.subscribe((event) => {
    handle(event);
  });
  const { promise, resolve, reject } = Promise.withResolvers<RunFinished>();
  let cancel = (): void => undefined;
  try {
    const { task_id } = await start();
    connection.lost.catch(reject);
    handle = (event) => {
      if (!("task_id" in event) || event.task_id !== task_id) return;
      onEvent(event)?.catch(reject);
      if (event.type === "run.finished") resolve(event);
    };
    early.forEach(handle);
    cancel = () => {
      connection.call("runs/cancel", { task_id }).catch(reject);
    };
    if (signal.aborted) cancel();
    else signal.addEventListener("abort", cancel, { once: true });
    return await promise;
  } finally {
    unsubscribe();
    signal.removeEventListener("abort", cancel);
  }
};
