import { fail } from "../../schemas/errors.ts";

const variables = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] as const;

export const hasProxy = (environment: NodeJS.ProcessEnv): boolean =>
  variables.some((name) => (environment[name]?.trim() ?? "") !== "");

/**
 * The environment with its proxies as full addresses, because many people write `proxy.example:8080` for
 * `http://proxy.example:8080`. Error: `usage` for a value that is not the address of a proxy.
 */
export const withFullProxies = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  const full = { ...environment };
  for (const name of variables) {
    const given = environment[name]?.trim().replace(/^(["'])(.*)\1$/, "$2");
    if (given === undefined || given === "") continue;
    const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `http://${given}`;
    const url = URL.parse(address);
    if (url === null || !/^https?:$/.test(url.protocol))
      throw fail("usage", {
        problem: `${name} is not the address of a proxy. Write it as http://HOST:PORT.`,
      });
    full[name] = address;
  }
  return full;
};
