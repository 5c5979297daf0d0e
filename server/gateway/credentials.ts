import type { ProviderName } from "../../schemas/agent.ts";
import type { Credentials } from "./gateway.ts";

/** Variables a provider's key is read from, the first that is set. Contract: "Command line". */
const variables: Readonly<Record<ProviderName, readonly string[]>> = {
  Claude: ["ANTHROPIC_API_KEY"],
  Gemini: ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
  Ollama: ["OLLAMA_API_KEY"],
  HuggingFace: ["HF_TOKEN"],
};

/** Keys of the environment; several, split by commas, are valid together, the newest first. */
export const environmentCredentials = (environment: NodeJS.ProcessEnv): Credentials => ({
  keys(provider) {
    const value = variables[provider].map((name) => environment[name]).find(Boolean) ?? "";
    const keys = value.split(",").map((key) => key.trim());
    return Promise.resolve(keys.filter((key) => key !== ""));
  },
});
