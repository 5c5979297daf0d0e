import type { ProviderName } from "../../schemas/agent.ts";

/**
 * Variables that may hold a provider's key; the first that is set counts. Contract: "Command line". `ci/check.sh`
 * removes all of them from the environment of a proof.
 */
export const keyVariables: Readonly<Record<ProviderName, readonly string[]>> = {
  Claude: ["ANTHROPIC_API_KEY"],
  Gemini: ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
  Ollama: ["OLLAMA_API_KEY"],
  HuggingFace: ["HF_TOKEN"],
  VSCode: [],
};

/** The variable with a provider's key; null: none is set. */
export const keyVariableIn = (environment: NodeJS.ProcessEnv, provider: ProviderName): string | null =>
  keyVariables[provider].find((name) => environment[name]) ?? null;

/** The name under which a provider's key is stored, unless an agent names another (`secret:NAME`). */
export const standardName = (provider: ProviderName): string => provider.toLowerCase();
