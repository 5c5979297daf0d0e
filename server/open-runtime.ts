import type { Method } from "../schemas/contract.ts";
import { contract } from "../schemas/contract.ts";
import type { RuntimeOptions } from "./app.ts";
import { attach, type Endpoint } from "./cli/attach.ts";
import type { Connection } from "./cli/follow.ts";
import { CoditectError } from "../schemas/errors.ts";
import { createDispatch } from "./dispatch.ts";
import type { Handlers } from "./handlers/handlers.ts";
import type { FolderRuntime } from "./language/folders.ts";
import type { Log } from "./log.ts";
import { type ServeOptions, serveRuntime } from "./serve-runtime.ts";
import { readLock } from "./store/lock.ts";

/** Each method asks the runtime on the other end. */
const forwarding = (connection: Connection): Handlers =>
  // One entry for each method of the contract, and `call` answers what its row says.
  Object.fromEntries(
    Object.keys(contract).map((method) => [
      method,
      (params: never) => connection.call(method as Method, params),
    ]),
  ) as unknown as Handlers;

const attached = async (endpoint: Endpoint, log: Log): Promise<FolderRuntime> => {
  const connection = await attach(endpoint);
  return {
    dispatch: createDispatch(forwarding(connection), { log }),
    subscribe: (listener) => connection.subscribe(listener),
    lost: connection.lost,
    close: () => connection.close(),
  };
};

/**
 * A runtime over a state folder: our own, reachable for others, or the one of the process that owns
 * the folder already. Calls are checked and authorised here in both cases. Errors: `state_locked`
 * when the owner cannot be asked, and those of `createRuntime`.
 */
export const openRuntime = async (
  options: RuntimeOptions & { stateFolder: string },
  serve: ServeOptions,
): Promise<FolderRuntime> => {
  const owner = await readLock(options.stateFolder);
  if (owner?.endpoint) return attached(owner.endpoint, options.log);
  try {
    return await serveRuntime(options, serve);
  } catch (error) {
    if (!(error instanceof CoditectError && error.code === "state_locked")) throw error;
    // Another process was faster by a moment.
    const faster = await readLock(options.stateFolder);
    if (!faster?.endpoint) throw error;
    return attached(faster.endpoint, options.log);
  }
};
