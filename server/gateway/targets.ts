import type { AIProvider, ProviderName } from "../../schemas/agent.ts";
import type { Charge } from "./gateway.ts";

/** One provider and model that can be asked. */
export interface Target {
  provider: ProviderName;
  model: string;
  endpoint: string;
  /** Which stored key to use, where the agent names one. */
  keyReference: string | null;
  /** Most tokens of an answer that the provider's own configuration allows. */
  maxTokens: number | null;
}

/** Base addresses that replace the providers' own; Ollama's stands in the agent itself. */
export type Endpoints = Partial<Record<Exclude<ProviderName, "Ollama">, string>>;

const standard = {
  Claude: "https://api.anthropic.com",
  Gemini: "https://generativelanguage.googleapis.com",
  HuggingFace: "https://router.huggingface.co/v1",
} satisfies Required<Endpoints>;

const trimmed = (address: string): string => address.replace(/\/+$/, "");

export const targetOf = (provider: AIProvider, endpoints: Endpoints): Target => {
  if ("Ollama" in provider) {
    const { model, endpoint } = provider.Ollama;
    return {
      provider: "Ollama",
      model,
      endpoint: trimmed(endpoint),
      keyReference: null,
      maxTokens: null,
    };
  }
  const at = (name: keyof typeof standard): string => trimmed(endpoints[name] ?? standard[name]);
  if ("Claude" in provider) {
    const { model, max_tokens } = provider.Claude;
    return {
      provider: "Claude",
      model,
      endpoint: at("Claude"),
      keyReference: null,
      maxTokens: max_tokens,
    };
  }
  if ("Gemini" in provider) {
    const { model, max_tokens } = provider.Gemini;
    return {
      provider: "Gemini",
      model,
      endpoint: at("Gemini"),
      keyReference: null,
      maxTokens: max_tokens,
    };
  }
  const { model, api_key } = provider.HuggingFace;
  return {
    provider: "HuggingFace",
    model,
    endpoint: at("HuggingFace"),
    keyReference: api_key,
    maxTokens: null,
  };
};

/** Who is asked for an agent, in order. */
export const targetsOf = (charge: Charge, endpoints: Endpoints): Target[] => {
  const ordered = [charge.provider ?? charge.agent.provider, ...charge.agent.settings.failover];
  return ordered.map((provider) => targetOf(provider, endpoints));
};
