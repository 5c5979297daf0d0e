import { MICROCENTS_PER_DOLLAR } from "../../schemas/money.ts";
import type { ProviderName } from "../../schemas/agent.ts";
import type { TokenUsage } from "../../schemas/messages.ts";
import { listedPrice } from "./catalogue/catalogue.ts";
import type { Price } from "./catalogue/kept-prices.ts";

/**
 * The user's own prices by model name, in dollars per million tokens; they take precedence over the
 * table.
 */
export type PriceOverrides = Readonly<Record<string, Price>>;

export const free: Price = { input: 0, cache_read: 0, cache_write_5m: 0, cache_write_1h: 0, output: 0 };

/** One price for every kind of token, from the documents' `cost_per_1k_tokens` in cents. */
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
 * The price that applies: the user's own for this model, or else `cost_per_1k_tokens` if the user set
 * it, or else the table's; Ollama is free. `null`: unknown.
 */
export const priceOf = (question: PriceQuestion, overrides: PriceOverrides): Price | null => {
  const { provider, model, promptTokens, at, centsPer1k } = question;
  const own = Object.hasOwn(overrides, model) ? overrides[model] : undefined;
  if (own !== undefined) return own;
  if (centsPer1k !== null) return flatPrice(centsPer1k);
  if (provider === "Ollama") return free;
  return listedPrice(provider, model, promptTokens, at);
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
