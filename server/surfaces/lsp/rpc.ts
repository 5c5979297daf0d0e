import type { CancellationToken, RequestHandler } from "vscode-languageserver/node";
import { ResponseError } from "vscode-languageserver/node";
import { contract, type Method } from "../../../schemas/contract.ts";
import { REACH, type Reach, WorkspaceScope } from "../../../schemas/editor.ts";
import { errorCatalogue } from "../../../schemas/error-catalogue.ts";
import { CoditectError, fail, toWireError, type WireError } from "../../../schemas/errors.ts";
import type { RuntimeEvent } from "../../../schemas/events.ts";
import type { FolderRuntime } from "../../hosting/open-runtime.ts";
import type { Dispatch } from "../../runtime/dispatch.ts";
import type { Caller } from "../../handlers/context.ts";

/** The part of a connection that the contract needs, so that any JSON-RPC connection can be used. */
export interface RequestConnection {
  onRequest(method: string, handler: RequestHandler<unknown, unknown, unknown>): unknown;
  sendNotification(method: string, params: unknown): Promise<void>;
}

/** A signal that aborts when the other side cancels its request. Call `release` after the answer. */
export const signalOf = (token: CancellationToken): { signal: AbortSignal; release: () => void } => {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  const listener = token.onCancellationRequested(() => {
    controller.abort();
  });
  return {
    signal: controller.signal,
    release: () => {
      listener.dispose();
    },
  };
};

/** An error in JSON-RPC form: the catalogue's code, and the wire form as data. */
export const toResponseError = (error: unknown): ResponseError<WireError> => {
  const known = error instanceof CoditectError ? error : fail("internal", { reference: "unlogged" });
  return new ResponseError(errorCatalogue[known.code].rpc, known.message, toWireError(known));
};

/** Params without the folder that they name. The dispatch refuses params that are not objects. */
const splitScope = (params: unknown): { workspace: string | null; params: unknown } => {
  const scope = WorkspaceScope.safeParse(params);
  if (!scope.success) return { workspace: null, params };
  const { workspace, ...rest } = scope.data;
  return { workspace: workspace ?? null, params: rest };
};

export interface RpcTarget {
  /** The dispatch of a workspace folder by URI. `null`: the first folder. */
  dispatchOf: (workspace: string | null) => Promise<Dispatch>;
  caller: () => Caller;
  /** Values to add to the params of a method before they are checked. */
  complete?: (method: Method, params: unknown, workspace: string | null) => unknown;
}

/** Every row of the contract as `coditect/<name>`. Contract: "JSON-RPC". */
export const registerContract = (connection: RequestConnection, target: RpcTarget): void => {
  const { dispatchOf, caller, complete } = target;
  for (const name of Object.keys(contract)) {
    connection.onRequest(`coditect/${name}`, async (sent, token) => {
      const { signal, release } = signalOf(token);
      try {
        const { workspace, params } = splitScope(sent);
        const dispatch = await dispatchOf(workspace);
        // The keys of the contract are its methods.
        const whole = complete === undefined ? params : await complete(name as Method, params, workspace);
        return await dispatch(name, whole, caller(), signal);
      } catch (error) {
        return toResponseError(error);
      } finally {
        release();
      }
    });
  }
};

/** Sends an event of a folder to the other side. */
export const sendEvent = (connection: RequestConnection, workspace: string, event: RuntimeEvent): void => {
  // A closed connection accepts nothing more. Other code notices that it is closed.
  connection.sendNotification("coditect/event", { ...event, workspace }).catch(() => undefined);
};

/** Tells the other side when the team server of a folder is out of reach, and when it answers again. */
export const followReach = (
  connection: RequestConnection,
  workspace: string,
  runtime: Pick<FolderRuntime, "onReach">,
): (() => void) => {
  const send = (is_reached: boolean): void => {
    const message: Reach = { workspace, is_reached };
    connection.sendNotification(REACH, message).catch(() => undefined);
  };
  const stop = runtime.onReach?.(send);
  return () => {
    stop?.();
    // Nobody waits any longer for a folder that is closed.
    if (stop !== undefined) send(true);
  };
};
