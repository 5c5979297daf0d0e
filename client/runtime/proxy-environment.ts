import { LOOSE_PROXY_VARIABLE, SYSTEM_CERTIFICATES_VARIABLE } from "../../schemas/proxy-variables.ts";

/** VS Code's own settings `http.*`, as far as they say how the internet is reached. */
export interface HttpSettings {
  proxy: string;
  noProxy: readonly string[];
  strictSSL: boolean;
  /** `off`: extensions use no proxy. */
  support: string;
  /** Whether the certificate authorities of the operating system count. */
  systemCertificates: boolean;
}

/** Both spellings: a program reads either, and one that the user's environment has must not win. */
const both = (name: string, value: string): Record<string, string> => ({
  [name]: value,
  [name.toLowerCase()]: value,
});

/** The variables with which the runtime reaches the internet as VS Code does; empty: as its environment says. */
export const proxyEnvironment = ({
  proxy,
  noProxy,
  strictSSL,
  support,
  systemCertificates,
}: HttpSettings): Record<string, string> => ({
  ...(!systemCertificates && { [SYSTEM_CERTIFICATES_VARIABLE]: "0" }),
  ...proxyVariables({ proxy, noProxy, strictSSL, support }),
});

const proxyVariables = ({
  proxy,
  noProxy,
  strictSSL,
  support,
}: Omit<HttpSettings, "systemCertificates">): Record<string, string> => {
  if (support === "off") return { ...both("HTTP_PROXY", ""), ...both("HTTPS_PROXY", "") };
  return {
    ...(proxy.trim() !== "" && {
      ...both("HTTP_PROXY", proxy.trim()),
      ...both("HTTPS_PROXY", proxy.trim()),
    }),
    ...(noProxy.length > 0 && both("NO_PROXY", noProxy.join(","))),
    ...(!strictSSL && { [LOOSE_PROXY_VARIABLE]: "1" }),
  };
};
