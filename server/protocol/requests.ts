import type { z } from "zod";
import type {
  runtimeNotifications,
  RuntimeMethod,
  RuntimeParams,
  RuntimeResult,
} from "../../schemas/worker.ts";

/** What a worker may ask of the runtime while it is claimed. */
export type WorkerRequests = {
  [M in RuntimeMethod]: (params: RuntimeParams<M>, signal: AbortSignal) => Promise<RuntimeResult<M>>;
};

/** What a worker tells the runtime and waits for no answer to. */
export interface WorkerNotifications {
  toolStarted(params: z.infer<(typeof runtimeNotifications)["tool/started"]>): void;
}
