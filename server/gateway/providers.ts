import type { ProviderName } from "../../schemas/agent.ts";
import { once } from "./once.ts";
import type { Provider } from "./providers/provider.ts";

/** The providers by name, each loaded when it is first asked for. */
export type Providers = (name: ProviderName) => Promise<Provider>;

export const lazyProviders = (): Providers => {
  const loaders: Record<ProviderName, () => Promise<Provider>> = {
    Claude: once(async () => (await import("./providers/claude.ts")).claude),
    Gemini: once(async () => (await import("./providers/gemini.ts")).gemini),
    Ollama: once(async () => (await import("./providers/ollama.ts")).ollama),
    HuggingFace: once(async () => (await import("./providers/huggingface.ts")).huggingface),
    VSCode: once(async () => (await import("./providers/vscode.ts")).vscode),
  };
  return (name) => loaders[name]();
};
