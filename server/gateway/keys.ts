import { ProviderName } from "../../schemas/agent.ts";
import type { Credentials } from "./gateway.ts";
import { standardHosts, type Endpoints, type Target } from "./targets.ts";

/** The keys of a target that may be sent to its address, the preferred one first. */
export type KeysOf = (target: Target) => Promise<readonly string[]>;

/** The addresses that the users themselves chose: flags, environment, settings of user scope. */
export interface UserEndpoints extends Endpoints {
  Ollama?: string;
}

const originOf = (address: string): string | null => URL.parse(address)?.origin ?? null;

/**
 * Binds each key to its provider: it is sent only to the provider's own hosts and to the address that
 * the user named for that provider. An agent that a repository defines may name an address or a key, and
 * must not combine the two.
 */
export const keysByOrigin =
  (credentials: Credentials, endpoints: UserEndpoints): KeysOf =>
  async ({ provider, endpoint, keyReference }) => {
    const allowed = [
      ...standardHosts[provider],
      provider === "VSCode" ? "" : (endpoints[provider] ?? ""),
    ].map(originOf);
    const origin = originOf(endpoint);
    if (origin === null || !allowed.includes(origin)) return [];
    return isOfOther(provider, keyReference) ? [] : credentials.keys(provider, keyReference);
  };

/** Whether a reference names the standard key of another provider. */
const isOfOther = (provider: ProviderName, reference: string | null): boolean => {
  const name = reference?.replace(/^secret:/, "");
  return ProviderName.options.some((other) => other !== provider && other.toLowerCase() === name);
};
