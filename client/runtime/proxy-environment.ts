import { LOOSE_PROXY_VARIABLE, SYSTEM_CERTIFICATES_VARIABLE } from "../../schemas/proxy-variables.ts";

/** VS Code's own settings `http.*` for internet access. */
export interface HttpSettings {
  proxy: string;
  noProxy: readonly string[];
  strictSSL: boolean;
  /** `off`: extensions use no proxy. */
  support: string;
  /** Whether to use the certificate authorities of the operating system. */
  systemCertificates: boolean;
}

/**
 * Sets both spellings, because a program reads either, and one in the user's environment must not take
 * precedence.
 */
const both = (name: string, value: string): Record<string, string> => ({
  [name]: value,
  [name.toLowerCase()]: value,
});

/**
 * The variables that give the runtime the same internet access as VS Code. Empty: its environment decides.
 */
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
