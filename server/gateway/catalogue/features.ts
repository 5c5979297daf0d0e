import type { Effort, ProviderName } from "../../../schemas/agent.ts";

/** What a model can do, as its provider documents it. */
export interface Features {
  /** Tokens of the prompt and the answer together. */
  window: number;
  /** Most tokens of one answer, thoughts included; `null`: not documented. */
  mostOutput: number | null;
  /** Whether it accepts a temperature. */
  temperature: boolean;
  /**
   * Whether its thoughts count against the limit of the answer. `asked`: it thinks only when a request
   * asks for it, which we do; `itself`: it decides; `none`: it does not think unless asked, and we do not.
   */
  thinking: "none" | "asked" | "itself";
  /** The efforts it takes; `null`: not known, so that its service decides. */
  efforts: readonly Effort[] | null;
  /** Whether it sees pictures; `null`: not known, so that its service decides. */
  pictures: boolean | null;
  /** Whether a request can force it to call a tool, which our requests never do; `null`: not known. */
  forcedCalls: boolean | null;
}

const MILLION = 1_000_000;

const claude = (
  window: number,
  mostOutput: number,
  temperature: boolean,
  thinking: Features["thinking"],
  efforts: Features["efforts"],
): Features => ({
  ...{ window, mostOutput, temperature, thinking, efforts },
  ...{ pictures: true, forcedCalls: true },
});
const gemini = (
  thinking: Features["thinking"],
  efforts: Features["efforts"],
  mostOutput = 65_536,
): Features => ({
  ...{ window: 1_048_576, mostOutput, temperature: true, thinking, efforts },
  ...{ pictures: true, forcedCalls: true },
});
const local = (window: number, efforts: Features["efforts"] = []): Features => ({
  ...{ window, mostOutput: null, temperature: true, thinking: "none", efforts },
  // Ollama's requests have no field that forces a call.
  ...{ pictures: false, forcedCalls: false },
});
/** The same model behind a service of many hosts, each of which decides what a request may ask. */
const hosted = (window: number, efforts: Features["efforts"] = []): Features => ({
  ...local(window, efforts),
  forcedCalls: null,
});

const toHigh = ["low", "medium", "high"] as const;
const fromMinimal = ["minimal", ...toHigh] as const;
const toMax = [...toHigh, "max"] as const;
const all = [...toHigh, "xhigh", "max"] as const;

/** Claude 5 and later: a window of a million, no temperature, and thoughts when the model wants them. */
const claude5 = claude(MILLION, 128_000, false, "itself", all);
/** Models of this generation that a request cannot force to call a tool. */
const claudeUnforced = { ...claude5, forcedCalls: false };

/**
 * Models by their exact name. Sources, read on 2026-11-29:
 * Claude: https://platform.claude.com/docs/en/models/overview and the overview page of each model.
 * and for the efforts https://platform.claude.com/docs/en/build-with-claude/effort. Forced calls: the pages
 * "What's new" of Claude Opus 5.5, Sonnet 5.5, Fable 5.1 and Fable 5.2.
 * Gemini: https://ai.google.dev/gemini-api/docs/models, and for the efforts
 * https://ai.google.dev/gemini-api/docs/thinking and the guide of each model. Forced calls:
 * https://ai.google.dev/gemini-api/docs/function-calling.
 * Ollama and Hugging Face: the model cards of their authors.
 */
export const features: Readonly<Record<ProviderName, Readonly<Record<string, Features>>>> = {
  Claude: {
    "claude-fable-5-2": claudeUnforced,
    "claude-mythos-5-2": claudeUnforced,
    "claude-fable-5-1": claudeUnforced,
    "claude-mythos-5-1": claudeUnforced,
    "claude-fable-5": claude5,
    "claude-mythos-5": claude5,
    "claude-opus-5-5": claudeUnforced,
    "claude-sonnet-5-5": claudeUnforced,
    "claude-haiku-5-5": claude5,
    "claude-opus-5": claude5,
    "claude-sonnet-5": claude5,
    "claude-mythos-preview": { ...claude(MILLION, 128_000, false, "itself", toMax), forcedCalls: null },
    "claude-opus-4-8": claude(MILLION, 128_000, false, "asked", all),
    "claude-opus-4-7": claude(MILLION, 128_000, false, "asked", all),
    "claude-opus-4-6": claude(MILLION, 128_000, true, "none", toMax),
    "claude-sonnet-4-6": claude(MILLION, 64_000, true, "none", toMax),
    "claude-opus-4-5": claude(200_000, 64_000, true, "none", toHigh),
    "claude-sonnet-4-5": claude(200_000, 64_000, true, "none", []),
    "claude-haiku-4-5": claude(200_000, 64_000, true, "none", []),
    "claude-opus-4-1": claude(200_000, 32_000, true, "none", []),
    "claude-opus-4": claude(200_000, 32_000, true, "none", []),
    "claude-sonnet-4": claude(200_000, 64_000, true, "none", []),
    "claude-3-7-sonnet": claude(200_000, 64_000, true, "none", []),
    "claude-3-5-haiku": claude(200_000, 8192, true, "none", []),
  },
  Gemini: {
    "gemini-3.8-flash": gemini("itself", toHigh),
    "gemini-3.7-flash": gemini("itself", toHigh),
    "gemini-3.6-flash": gemini("itself", null),
    "gemini-3.5-flash": gemini("itself", fromMinimal),
    "gemini-3.5-flash-lite": gemini("itself", fromMinimal),
    "gemini-3.1-pro-preview": gemini("itself", toHigh),
    "gemini-3.1-flash-lite": gemini("itself", fromMinimal),
    "gemini-3-flash-preview": gemini("itself", fromMinimal),
    "gemini-2.5-pro": gemini("itself", []),
    "gemini-2.5-flash": gemini("itself", []),
    "gemini-2.5-flash-lite": gemini("none", []),
  },
  Ollama: {
    qwen3: local(40_960),
    "qwen3-coder": local(262_144),
    "qwen2.5-coder": local(32_768),
    "gpt-oss": local(131_072, toHigh),
    "llama3.1": local(131_072),
    "llama3.2": local(131_072),
    "llama3.3": local(131_072),
    "deepseek-r1": local(131_072),
    devstral: local(131_072),
    // Its two smallest sizes do not see pictures; their service reports it.
    gemma3: { ...local(131_072), pictures: true },
    mistral: local(32_768),
    "granite3.3": local(131_072),
  },
  // Names begin like these: the router has many models of each family.
  HuggingFace: {
    "Qwen/Qwen3-Coder": hosted(262_144),
    "meta-llama/Llama-3.3": hosted(131_072),
    "openai/gpt-oss": hosted(131_072, toHigh),
    "deepseek-ai/": { ...hosted(131_072, null), pictures: null },
  },
  // Only the editor knows which ones there are.
  VSCode: {},
};

/** Assumptions about a model that is not listed: the features of its smallest current relative. */
export const carefulFeatures: Readonly<Record<ProviderName, Features>> = {
  Claude: { ...claude(200_000, 32_000, false, "none", null), forcedCalls: null },
  Gemini: { ...gemini("none", null, 8192), forcedCalls: null },
  Ollama: { ...local(32_768, null), pictures: null },
  HuggingFace: { ...hosted(32_768, null), pictures: null },
  // VS Code reports how much a model accepts; nothing is known about a model that it does not list.
  VSCode: hosted(32_768),
};
