import { proxyVariables } from "../../../../schemas/proxy-variables.ts";
import { PROXY_USER } from "./proxy.ts";
import type { LoopbackProxy } from "./proxy.ts";

/** The port of the worker's side of the proxy, on the loopback of its own network namespace. */
const PORT = 3128;

/** @param onRequest whether only commands for which the worker requests the proxy use it; otherwise all do. */
const leadingTo = (proxy: string, onRequest: boolean): Record<string, string> => ({
  CODITECT_PROXY: proxy,
  ...(!onRequest && proxyVariables(proxy)),
});

/** Variables that lead programs to the proxy; none if there is no network access. */
export const egressEnvironment = (socket: string | null, onRequest: boolean): Record<string, string> =>
  socket === null
    ? {}
    : {
        CODITECT_EGRESS: socket,
        CODITECT_EGRESS_PORT: String(PORT),
        ...leadingTo(`http://127.0.0.1:${PORT}`, onRequest),
      };

/** The same if nothing can listen inside the instance, so that programs connect to the proxy directly. */
export const loopbackEnvironment = (
  proxy: LoopbackProxy | null,
  onRequest: boolean,
): Record<string, string> =>
  proxy === null ? {} : leadingTo(`http://${PROXY_USER}:${proxy.token}@127.0.0.1:${proxy.port}`, onRequest);
