import type { WorkerMethod, WorkerParams, WorkerResult } from "../../../schemas/worker.ts";
import type { WorkerConnection } from "../../protocol/worker-end.ts";

/** The calls to one worker, including those that it continues although no caller waits any more. */
export interface Calls {
  /** Calls the worker. Errors: those of the worker, `cancelled`, and the error that `fail` was called with. */
  make<M extends WorkerMethod>(
    connection: WorkerConnection,
    method: M,
    params: WorkerParams<M>,
    signal: AbortSignal,
  ): Promise<WorkerResult<M>>;
  /** Rejects all waiting calls at once. */
  fail(error: Error): void;
  /** Whether the worker has answered all calls. */
  areSettled(): boolean;
  /** Resolves when the worker has answered all calls that were made so far. */
  settled(): Promise<void>;
}

export const createCalls = (): Calls => {
  const waiting = new Set<(error: Error) => void>();
  const unsettled = new Set<Promise<void>>();
  return {
    make: async (connection, method, params, signal) => {
      const pending = connection.call(method, params, signal);
      unsettled.add(pending.settled);
      void pending.settled.finally(() => unsettled.delete(pending.settled));
      const failed = Promise.withResolvers<never>();
      waiting.add(failed.reject);
      return Promise.race([pending.result, failed.promise]).finally(() => {
        waiting.delete(failed.reject);
      });
    },
    fail: (error) => {
      for (const reject of waiting) reject(error);
    },
    areSettled: () => unsettled.size === 0,
    settled: async () => {
      await Promise.all(unsettled);
    },
  };
};
