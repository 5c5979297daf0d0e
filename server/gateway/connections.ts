import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { isLoopback } from "../../schemas/loopback.ts";
import { LOOSE_PROXY_VARIABLE } from "../../schemas/proxy-variables.ts";
import type { EditorModels } from "./editor-models.ts";
import { hasProxy, withFullProxies } from "./proxies.ts";

/** Ways to models: sockets kept open between calls, and the editor's own connection. */
export interface Connections {
  /** Those of the loopback never go through a proxy. */
  agentFor(url: URL): HttpAgent;
  /** The editor that lends its models; null: none is connected, or it lends none. */
  readonly editor: EditorModels | null;
}

/** Connections with the proxy settings of an environment (`HTTPS_PROXY`, `NO_PROXY`). */
export const openConnections = (
  environment: NodeJS.ProcessEnv,
  editor: EditorModels | null = null,
): Connections => {
  const kept = { keepAlive: true };
  // A proxy that cannot be used stops only the calls that would go through it.
  const proxied = () => ({ ...kept, proxyEnv: withFullProxies(environment) });
  const isLoose = environment[LOOSE_PROXY_VARIABLE] === "1" && hasProxy(environment);
  const agents = new Map<string, HttpAgent>();
  const make: Record<string, () => HttpAgent> = {
    "http: near": () => new HttpAgent(kept),
    "https: near": () => new HttpsAgent(kept),
    "http: far": () => new HttpAgent(proxied()),
    "https: far": () => new HttpsAgent({ ...proxied(), ...(isLoose && { rejectUnauthorized: false }) }),
  };
  return {
    editor,
    agentFor: (url) => {
      const kind = `${url.protocol} ${isLoopback(url.hostname) ? "near" : "far"}`;
      const agent = agents.get(kind) ?? make[kind]?.();
      if (agent === undefined) throw new TypeError(`no way to reach ${url.protocol} addresses`);
      agents.set(kind, agent);
      return agent;
    },
  };
};
