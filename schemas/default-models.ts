import type { ProviderName } from "./agent.ts";

/** The model of each provider that is asked unless the user chooses another one. */
export const defaultModels = {
  Claude: "claude-sonnet-5-5",
  Gemini: "gemini-3.8-flash",
  Ollama: "qwen3-coder",
  HuggingFace: "Qwen/Qwen3-Coder-480B-A35B-Instruct",
} as const satisfies Record<ProviderName, string>;

/** The most tokens of an answer unless the user sets it; a model's own limit can be lower. */
export const ANSWER_CEILING = 32_768;
