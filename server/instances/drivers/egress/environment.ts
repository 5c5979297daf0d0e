import { proxyVariables } from "../../../../schemas/proxy-variables.ts";
import { PROXY_USER } from "./proxy.ts";
import type { LoopbackProxy } from "./proxy.ts";

/** Where the worker's side of the proxy listens, on the loopback of its own network namespace. */
const PORT = 3128;

/** @param onRequest whether only commands find it for which the worker asks; else all programs do. */
const leadingTo = (proxy: string, onRequest: boolean): Record<string, string> => ({
  CODITECT_PROXY: proxy,
  ...(!onRequest && proxyVariables(proxy)),
});

/** Variables that lead programs to the proxy; none when there is no way out. */
export const egressEnvironment = (socket: string | null, onRequest: boolean): Record<string, string> =>
  socket === null
    ? {}
    : {
        CODITECT_EGRESS: socket,
        CODITECT_EGRESS_PORT: String(PORT),
        ...leadingTo(`http://127.0.0.1:${PORT}`, onRequest),
      };

/** The same where nothing of the instance's own can listen, and programs speak to the proxy itself. */
export const loopbackEnvironment = (
  proxy: LoopbackProxy | null,
  onRequest: boolean,
): Record<string, string> =>
  proxy === null ? {} : leadingTo(`http://${PROXY_USER}:${proxy.token}@127.0.0.1:${proxy.port}`, onRequest);
