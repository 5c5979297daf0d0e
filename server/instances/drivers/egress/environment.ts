import { PROXY_USER } from "./proxy.ts";
import type { LoopbackProxy } from "./proxy.ts";

/** Where the worker's side of the proxy listens, on the loopback of its own network namespace. */
const PORT = 3128;

const proxyVariables = (proxy: string): Record<string, string> => {
  const here = "localhost,127.0.0.1,::1";
  return {
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    http_proxy: proxy,
    https_proxy: proxy,
    NO_PROXY: here,
    no_proxy: here,
    NODE_USE_ENV_PROXY: "1",
  };
};

/** Variables that lead programs to the proxy; none when there is no way out. */
export const egressEnvironment = (socket: string | null): Record<string, string> =>
  socket === null
    ? {}
    : {
        CODITECT_EGRESS: socket,
        CODITECT_EGRESS_PORT: String(PORT),
        ...proxyVariables(`http://127.0.0.1:${PORT}`),
      };

/** The same where nothing of the instance's own can listen, and programs speak to the proxy itself. */
export const loopbackEnvironment = (proxy: LoopbackProxy | null): Record<string, string> =>
  proxy === null ? {} : proxyVariables(`http://${PROXY_USER}:${proxy.token}@127.0.0.1:${proxy.port}`);
