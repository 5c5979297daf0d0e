/** Set to 1, what answers through a proxy may have any certificate: VS Code's `http.proxyStrictSSL` is off. */
export const LOOSE_PROXY_VARIABLE = "CODITECT_PROXY_ANY_CERTIFICATE";

/** Variables that lead programs to a proxy for everything but this machine. */
export const proxyVariables = (proxy: string): Record<string, string> => {
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

/** `0`: the certificate authorities of the operating system do not count, as VS Code's setting says. */
export const SYSTEM_CERTIFICATES_VARIABLE = "CODITECT_SYSTEM_CERTIFICATES";
