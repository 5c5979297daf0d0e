import type { AIProvider, ProviderName } from "../../schemas/agent.ts";
import { standardEndpoints } from "../../schemas/providers.ts";
import { describeProvider } from "../models/agent.ts";
import type { Charge } from "./gateway.ts";

/** One provider and model that can be asked. */
export interface Target {
  provider: ProviderName;
  model: string;
  endpoint: string;
  /** The stored key to use, if the agent names one. */
  keyReference: string | null;
  /** Most tokens of an answer, as the provider's own configuration allows. */
  maxTokens: number | null;
}

/** Base addresses that replace the providers' own; Ollama's is in the agent itself. */
export type Endpoints = Partial<Record<Exclude<ProviderName, "Ollama" | "VSCode">, string>>;

/** Hosts that keys of a provider are meant for. */
export const standardHosts: Readonly<Record<ProviderName, readonly string[]>> = {
  Claude: ["https://api.anthropic.com"],
  Gemini: ["https://generativelanguage.googleapis.com"],
  HuggingFace: ["https://router.huggingface.co", "https://huggingface.co"],
  Ollama: ["https://ollama.com"],
  VSCode: [],
};

const addressOf = (name: ProviderName, endpoints: Endpoints): string => {
  // Ollama's is in the agent itself.
  if (name === "Ollama") return "";
  return (name === "VSCode" ? undefined : endpoints[name]) ?? standardEndpoints[name];
};

/** Paths that the clients add to a base address themselves, and that users copy with it. */
const addedPaths: Readonly<Record<ProviderName, RegExp>> = {
  Claude: /\/v1(\/messages)?$/,
  Gemini: /\/v1(beta)?(\/models)?$/,
  HuggingFace: /\/chat\/completions$/,
  // The second is the address of its interface for OpenAI's clients.
  Ollama: /\/(api(\/[a-z]+)?|v1(\/chat\/completions)?)$/,
  VSCode: /$/,
};

const baseAddress = (name: ProviderName, address: string): string =>
  address.replace(/\/+$/, "").replace(addedPaths[name], "");

export const targetOf = (provider: AIProvider, endpoints: Endpoints): Target => {
  const { name, model, endpoint, credential } = describeProvider(provider);
  const address = endpoint ?? addressOf(name, endpoints);
  const own = "Claude" in provider ? provider.Claude : "Gemini" in provider ? provider.Gemini : null;
  return {
    provider: name,
    model,
    endpoint: baseAddress(name, address),
    keyReference: credential,
    maxTokens: own?.max_tokens ?? null,
  };
};

/** The targets of an agent, in order. A provider that the user chose for the run is the only one. */
export const targetsOf = (charge: Charge, endpoints: Endpoints): Target[] => {
  const { provider, settings } = charge.agent;
  const ordered = charge.provider === null ? [provider, ...settings.failover] : [charge.provider];
  return ordered.map((provider) => targetOf(provider, endpoints));
};
