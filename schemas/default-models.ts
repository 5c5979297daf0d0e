import type { AgentType, AIProvider, ProviderName } from "./agent.ts";

/** The model of each provider that is asked where no agent has a say in it. */
export const defaultModels = {
  Claude: "claude-sonnet-5-5",
  Gemini: "gemini-3.8-flash",
  Ollama: "qwen3-coder",
  HuggingFace: "Qwen/Qwen3-Coder-480B-A35B-Instruct",
  /** The first one that VS Code lists: which ones there are depends on the user's extensions. */
  VSCode: "auto",
} as const satisfies Record<ProviderName, string>;

/** In place of a model's name: each agent asks the model that is meant for its type. */
export const BY_ROLE = "auto";

/** Models of the user's own choice, by provider and type of agent. */
export type RoleModels = Readonly<Partial<Record<ProviderName, Partial<Record<AgentType, string>>>>>;

/** `strong`: what they decide is expensive to get wrong; `light`: they write down what is there. */
type Tier = "strong" | "standard" | "light";

const tiers: Readonly<Record<AgentType, Tier>> = {
  TestWriter: "standard",
  Coder: "strong",
  Reviewer: "standard",
  Security: "standard",
  Architecture: "strong",
  Documenter: "light",
  Orchestrator: "standard",
  QualityControl: "standard",
};

/**
 * Models by what is asked of them. Ollama has one for all, because each is pulled and loaded. Gemini's
 * strongest Pro is a preview, so its strongest stable model is asked.
 */
const models: Readonly<Record<ProviderName, Readonly<Record<Tier, string>>>> = {
  Claude: { strong: "claude-opus-5-5", standard: defaultModels.Claude, light: "claude-haiku-5-5" },
  Gemini: { strong: defaultModels.Gemini, standard: defaultModels.Gemini, light: "gemini-3.5-flash-lite" },
  Ollama: { strong: defaultModels.Ollama, standard: defaultModels.Ollama, light: defaultModels.Ollama },
  HuggingFace: {
    strong: defaultModels.HuggingFace,
    standard: defaultModels.HuggingFace,
    light: "openai/gpt-oss-120b",
  },
  VSCode: { strong: defaultModels.VSCode, standard: defaultModels.VSCode, light: defaultModels.VSCode },
};

/** The model that agents of a type ask where it goes by their role. */
export const roleModel = (provider: ProviderName, type: AgentType, chosen: RoleModels): string =>
  chosen[provider]?.[type] ?? models[provider][tiers[type]];

/** The most tokens of an answer unless the user sets it; a model's own limit can be lower. */
export const ANSWER_CEILING = 32_768;

/** The provider as an agent of this type asks it: a model that goes by the role is named. */
export const providerForRole = (provider: AIProvider, type: AgentType, chosen: RoleModels): AIProvider => {
  if ("Claude" in provider) return { Claude: named("Claude", provider.Claude, type, chosen) };
  if ("Gemini" in provider) return { Gemini: named("Gemini", provider.Gemini, type, chosen) };
  if ("Ollama" in provider) return { Ollama: named("Ollama", provider.Ollama, type, chosen) };
  if ("VSCode" in provider) return { VSCode: named("VSCode", provider.VSCode, type, chosen) };
  return { HuggingFace: named("HuggingFace", provider.HuggingFace, type, chosen) };
};

const named = <Settings extends { model: string }>(
  name: ProviderName,
  settings: Settings,
  type: AgentType,
  chosen: RoleModels,
): Settings =>
  settings.model === BY_ROLE ? { ...settings, model: roleModel(name, type, chosen) } : settings;
