import type { ProviderName } from "./agent.ts";

/** Where each provider is reached unless a setting or an agent says otherwise. */
export const standardEndpoints = {
  Claude: "https://api.anthropic.com",
  Gemini: "https://generativelanguage.googleapis.com",
  HuggingFace: "https://router.huggingface.co/v1",
  Ollama: "http://127.0.0.1:11434",
} as const satisfies Record<ProviderName, string>;

/** The port that Ollama listens on where its host is named without one. */
export const OLLAMA_PORT = new URL(standardEndpoints.Ollama).port;
