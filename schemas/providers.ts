import type { ProviderName } from "./agent.ts";

/** Where each provider is reached unless a setting or an agent says otherwise. */
export const standardEndpoints = {
  Claude: "https://api.anthropic.com",
  Gemini: "https://generativelanguage.googleapis.com",
  HuggingFace: "https://router.huggingface.co/v1",
  Ollama: "http://127.0.0.1:11434",
  /** No address: the editor is asked over its own connection. */
  VSCode: "vscode:lm",
} as const satisfies Record<ProviderName, string>;

/** The port that Ollama listens on where its host is named without one. */
export const OLLAMA_PORT = new URL(standardEndpoints.Ollama).port;

const NO_ADDRESS = ".invalid";

/**
 * Replaces a value that is not an address: nothing answers there, and the host's name says why. The
 * provider's own address would receive a key that was meant for another server.
 */
export const addressOfMalformed = (variable: string): string =>
  `http://${variable.toLowerCase().replaceAll("_", "-")}${NO_ADDRESS}`;

/** The variable whose malformed value this address replaces; null: the address is a real one. */
export const malformedVariable = (address: string): string | null => {
  const host = URL.parse(address)?.hostname ?? "";
  return host.endsWith(NO_ADDRESS)
    ? host.slice(0, -NO_ADDRESS.length).toUpperCase().replaceAll("-", "_")
    : null;
};
