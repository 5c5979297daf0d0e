import type { ProviderName } from "../../schemas/agent.ts";
import type { Provider } from "./providers/provider.ts";

/** The providers by name, each loaded when it is first asked for. */
export type Providers = (name: ProviderName) => Promise<Provider>;

export const loadProvider: Providers = async (name) => {
  switch (name) {
    case "Claude":
      return (await import("./providers/claude.ts")).claude;
    case "Ollama":
      return (await import("./providers/ollama.ts")).ollama;
    case "Gemini":
      return (await import("./providers/gemini.ts")).gemini;
    case "HuggingFace":
      return (await import("./providers/huggingface.ts")).huggingface;
  }
};
