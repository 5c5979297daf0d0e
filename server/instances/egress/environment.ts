/** Where the worker's side of the proxy listens, on the loopback of its own network namespace. */
const PORT = 3128;

/** Variables that lead programs to the proxy; none when there is no way out. */
export const egressEnvironment = (socket: string | null): Record<string, string> => {
  if (socket === null) return {};
  const proxy = `http://127.0.0.1:${PORT}`;
  const here = "localhost,127.0.0.1,::1";
  return {
    CODITECT_EGRESS: socket,
    CODITECT_EGRESS_PORT: String(PORT),
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    http_proxy: proxy,
    https_proxy: proxy,
    NO_PROXY: here,
    no_proxy: here,
    NODE_USE_ENV_PROXY: "1",
  };
};
