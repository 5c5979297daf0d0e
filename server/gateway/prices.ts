import { MICROCENTS_PER_DOLLAR } from "../../schemas/money.ts";
import type { ProviderName } from "../../schemas/agent.ts";
import type { TokenUsage } from "../../schemas/messages.ts";

/** Dollars per million tokens. */
export interface Price {
  input: number;
  cache_read: number;
  cache_write_5m: number;
  cache_write_1h: number;
  /** Reasoning is paid as output by every provider here. */
  output: number;
}

/** What is known of a model. */
export interface KnownModel {
  price: Price | null;
  /** Prompts longer than `above` tokens, cache included, have another price. */
  longPrompt?: { above: number; price: Price };
  /** The price from that day on, in UTC: some are announced for a while only. */
  later?: { from: string; price: Price };
  window: number;
}

/** Claude writes to its cache at 1.25 and 2 times the input's price. */
const claudePrice = (input: number, output: number, cacheRead = input / 10): Price => ({
  input,
  cache_read: cacheRead,
  cache_write_5m: input * 1.25,
  cache_write_1h: input * 2,
  output,
});

/** Gemini caches by itself: reads are cheap, and writes cost what input costs. */
const geminiPrice = (input: number, output: number, cacheRead = input / 10): Price => ({
  input,
  cache_read: cacheRead,
  cache_write_5m: input,
  cache_write_1h: input,
  output,
});

const MILLION = 1_000_000;
const gemini = (price: Price, longPrice?: Price): KnownModel => ({
  price,
  window: 1_048_576,
  ...(longPrice && { longPrompt: { above: 200_000, price: longPrice } }),
});

/** Gemini 3.6 to 3.8 Flash cost half until the end of 2026. */
const geminiUntil2027: KnownModel = {
  ...gemini(geminiPrice(0.75, 3.75)),
  later: { from: "2027-01-01", price: geminiPrice(1.5, 7.5) },
};

/**
 * Models by the beginning of their name; the longest that fits counts. As the providers' price
 * pages had it in November 2026. What is not here has no price: its cost is unknown, not zero.
 */
const table: Readonly<Record<ProviderName, Readonly<Record<string, KnownModel>>>> = {
  Claude: {
    "claude-fable-5": { price: claudePrice(10, 50), window: MILLION },
    "claude-fable-5-1": { price: claudePrice(10, 50, 0.25), window: MILLION },
    "claude-mythos-5": { price: claudePrice(10, 50), window: MILLION },
    "claude-mythos-5-1": { price: claudePrice(10, 50, 0.25), window: MILLION },
    "claude-opus-5-5": { price: claudePrice(4, 20, 0.2), window: MILLION },
    "claude-opus-5": { price: claudePrice(5, 25), window: MILLION },
    "claude-opus-4-8": { price: claudePrice(5, 25), window: MILLION },
    "claude-opus-4-7": { price: claudePrice(5, 25), window: MILLION },
    "claude-opus-4-6": { price: claudePrice(5, 25), window: MILLION },
    "claude-opus-4-5": { price: claudePrice(5, 25), window: 200_000 },
    "claude-opus-4-1": { price: claudePrice(15, 75), window: 200_000 },
    "claude-sonnet-5-5": { price: claudePrice(2, 10, 0.1), window: MILLION },
    "claude-sonnet-5": { price: claudePrice(2, 10), window: MILLION },
    "claude-sonnet-4-6": { price: claudePrice(3, 15), window: MILLION },
    "claude-sonnet-4-5": { price: claudePrice(3, 15), window: 200_000 },
    "claude-sonnet-4": { price: claudePrice(3, 15), window: 200_000 },
    "claude-haiku-5-5": {
      price: claudePrice(0.1, 0.5),
      longPrompt: { above: 100_000, price: claudePrice(0.5, 2.5) },
      window: MILLION,
    },
    "claude-haiku-4-5": { price: claudePrice(1, 5), window: 200_000 },
    "claude-3-5-haiku": { price: claudePrice(0.8, 4), window: 200_000 },
  },
  Gemini: {
    "gemini-3.8-flash": geminiUntil2027,
    "gemini-3.7-flash": geminiUntil2027,
    "gemini-3.6-flash": geminiUntil2027,
    "gemini-3.5-flash": gemini(geminiPrice(1.5, 9)),
    "gemini-3.5-flash-lite": gemini(geminiPrice(0.3, 2.5)),
    "gemini-3.1-pro-preview": gemini(geminiPrice(2, 12), geminiPrice(4, 18)),
    "gemini-3.1-flash-lite": gemini(geminiPrice(0.25, 1.5)),
    "gemini-3-flash-preview": gemini(geminiPrice(0.5, 3)),
    "gemini-2.5-pro": gemini(geminiPrice(1.25, 10), geminiPrice(2.5, 15)),
    "gemini-2.5-flash": gemini(geminiPrice(0.3, 2.5)),
    "gemini-2.5-flash-lite": gemini(geminiPrice(0.1, 0.4)),
  },
  // What a local model costs is electricity; windows as their authors give them.
  Ollama: {
    qwen3: { price: null, window: 40_960 },
    "qwen3-coder": { price: null, window: 262_144 },
    "qwen2.5-coder": { price: null, window: 32_768 },
    "gpt-oss": { price: null, window: 131_072 },
    "llama3.1": { price: null, window: 131_072 },
    "llama3.2": { price: null, window: 131_072 },
    "llama3.3": { price: null, window: 131_072 },
    "deepseek-r1": { price: null, window: 131_072 },
    devstral: { price: null, window: 131_072 },
    gemma3: { price: null, window: 131_072 },
    mistral: { price: null, window: 32_768 },
    "granite3.3": { price: null, window: 131_072 },
  },
  // The router passes a call on to one of many hosts, each with its own price.
  HuggingFace: {
    "Qwen/Qwen3-Coder": { price: null, window: 262_144 },
    "meta-llama/Llama-3.3": { price: null, window: 131_072 },
    "openai/gpt-oss": { price: null, window: 131_072 },
    "deepseek-ai/": { price: null, window: 131_072 },
  },
};

/** Windows of models that are not in the table: what their smallest current kin holds. */
const carefulWindow: Readonly<Record<ProviderName, number>> = {
  Claude: 200_000,
  Gemini: 1_048_576,
  Ollama: 32_768,
  HuggingFace: 32_768,
};

/** What may follow a name without making it another model: a date or build, a tag, `latest`. */
const sameModel = /^(-\d{3,8}|-latest|-preview(-\d\d-\d{2,4})?|:.*)?$/;

const knownModel = (provider: ProviderName, model: string): KnownModel | null => {
  const fitting = Object.keys(table[provider]).filter(
    (name) =>
      model.startsWith(name) && (provider === "HuggingFace" || sameModel.test(model.slice(name.length))),
  );
  const longest = fitting.sort((a, b) => b.length - a.length).at(0);
  return longest === undefined ? null : (table[provider][longest] ?? null);
};

export const windowOf = (provider: ProviderName, model: string): number =>
  knownModel(provider, model)?.window ?? carefulWindow[provider];

/** Names of the models the table has of a provider. */
export const knownModels = (provider: ProviderName): string[] =>
  Object.keys(table[provider]).filter((name) => !name.endsWith("/"));

/** The user's own prices by model name, in dollars per million tokens; they win over the table. */
export type PriceOverrides = Readonly<Record<string, Price>>;

export const free: Price = { input: 0, cache_read: 0, cache_write_5m: 0, cache_write_1h: 0, output: 0 };

/** A price for every kind of token alike, from the documents' `cost_per_1k_tokens` in cents. */
const flatPrice = (centsPer1k: number): Price => {
  const dollars = centsPer1k * 10;
  return {
    input: dollars,
    cache_read: dollars,
    cache_write_5m: dollars,
    cache_write_1h: dollars,
    output: dollars,
  };
};

export interface PriceQuestion {
  provider: ProviderName;
  model: string;
  /** Tokens of the prompt, cache included. */
  promptTokens: number;
  /** When the call is made, in milliseconds. */
  at: number;
  /** `cost_per_1k_tokens` where the user set it; `null`: it is the default. */
  centsPer1k: number | null;
}

/**
 * The price in force: the user's own for this model, else `cost_per_1k_tokens` if the user set it,
 * else the table's; Ollama is free. `null`: unknown.
 */
export const priceOf = (question: PriceQuestion, overrides: PriceOverrides): Price | null => {
  const { provider, model, promptTokens, at, centsPer1k } = question;
  const own = overrides[model];
  if (own !== undefined) return own;
  if (centsPer1k !== null) return flatPrice(centsPer1k);
  if (provider === "Ollama") return free;
  const known = knownModel(provider, model);
  if (known?.longPrompt !== undefined && promptTokens > known.longPrompt.above) return known.longPrompt.price;
  if (known?.later !== undefined && at >= Date.parse(known.later.from)) return known.later.price;
  return known?.price ?? null;
};

/** Cost in micro-cents, rounded up; `null`: the price is unknown. */
export const costOf = (usage: TokenUsage, price: Price | null): number | null => {
  if (price === null) return null;
  // Dollars per million tokens are a hundred micro-cents per token.
  const microcents =
    100 *
    (usage.input * price.input +
      usage.cache_read * price.cache_read +
      usage.cache_write_5m * price.cache_write_5m +
      usage.cache_write_1h * price.cache_write_1h +
      usage.output * price.output);
  return Math.ceil(Math.round(microcents * 1000) / 1000);
};

export const dollarsOf = (microcents: number | null): number | null =>
  microcents === null ? null : microcents / MICROCENTS_PER_DOLLAR;
