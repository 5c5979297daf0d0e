import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { loginOf } from "../../schemas/logins.ts";
import { isLoopback } from "../../schemas/loopback.ts";
import { LOOSE_PROXY_VARIABLE, SYSTEM_CERTIFICATES_VARIABLE } from "../../schemas/proxy-variables.ts";
import { withSystemAuthorities } from "./certificates.ts";
import type { EditorModels } from "./editor-models.ts";
import { hasProxy, withFullProxies } from "./proxies.ts";

/** Connections to models: sockets that stay open between calls, and the editor's own connection. */
export interface Connections {
  /** Connections to the loopback interface never use a proxy. */
  agentFor(url: URL): HttpAgent;
  /** `NAME:PASSWORD` that the user gave for the server at this address; null: none. */
  loginFor(url: URL): string | null;
  /**
   * Trusts the certificate authorities of the operating system as well from now on. False: it already
   * did, there are none, or the user turned this off.
   */
  trustSystem(): boolean;
  /** The editor that lends its models; null: none is connected, or it lends none. */
  readonly editor: EditorModels | null;
}

/** The logins in these addresses, by origin. */
const loginsIn = (addresses: readonly string[]): ReadonlyMap<string, string> =>
  new Map(
    addresses.flatMap((address): [string, string][] => {
      const [origin, login] = [URL.parse(address)?.origin, loginOf(address)];
      return origin === undefined || login === null ? [] : [[origin, login]];
    }),
  );

/**
 * Connections with the proxy settings of an environment (`HTTPS_PROXY`, `NO_PROXY`), and with the logins in
 * the user's own addresses.
 */
export const openConnections = (
  environment: NodeJS.ProcessEnv,
  editor: EditorModels | null = null,
  addresses: readonly string[] = [],
): Connections => {
  const logins = loginsIn(addresses);
  const kept = { keepAlive: true };
  // An unusable proxy fails only the calls that would use it.
  const proxied = () => ({ ...kept, proxyEnv: withFullProxies(environment) });
  const isLoose = environment[LOOSE_PROXY_VARIABLE] === "1" && hasProxy(environment);
  /**
   * null: those that Node trusts. Reading those of the system takes a while, and most users never need
   * them.
   */
  let authorities: string[] | null = null;
  let isTried = environment[SYSTEM_CERTIFICATES_VARIABLE] === "0";
  const agents = new Map<string, HttpAgent>();
  const make: Record<string, () => HttpAgent> = {
    "http: near": () => new HttpAgent(kept),
    "https: near": () => new HttpsAgent(kept),
    "http: far": () => new HttpAgent(proxied()),
    "https: far": () =>
      new HttpsAgent({
        ...proxied(),
        ...(isLoose && { rejectUnauthorized: false }),
        ...(authorities !== null && { ca: authorities }),
      }),
  };
  return {
    editor,
    loginFor: ({ origin }) => logins.get(origin) ?? null,
    trustSystem: () => {
      if (isTried) return false;
      isTried = true;
      authorities = withSystemAuthorities();
      if (authorities !== null) agents.delete("https: far");
      return authorities !== null;
    },
    agentFor: (url) => {
      const kind = `${url.protocol} ${isLoopback(url.hostname) ? "near" : "far"}`;
      const agent = agents.get(kind) ?? make[kind]?.();
      if (agent === undefined) throw new TypeError(`no way to reach ${url.protocol} addresses`);
      agents.set(kind, agent);
      return agent;
    },
  };
};
