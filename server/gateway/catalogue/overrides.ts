import type { ModelPrices, Price } from "./kept-prices.ts";

/** Claude writes to its cache at 1.25 and 2 times the input's price. */
const claudePrice = (input: number, output: number, cacheRead: number): Price => ({
  input,
  cache_read: cacheRead,
  cache_write_5m: input * 1.25,
  cache_write_1h: input * 2,
  output,
});

const always = (price: Price, long: ModelPrices["periods"][number]["long"] = null): ModelPrices => ({
  aliases: [],
  periods: [{ from: null, price, long }],
});

/**
 * Claude models whose price `prices.json` lacks. Each was read on 2026-11-29 from the page that its
 * comment names. A row goes when the kept prices have the model.
 */
export const claudeOverrides: Readonly<Record<string, ModelPrices>> = {
  // https://platform.claude.com/docs/en/about-claude/pricing
  "claude-fable-5-2": always(claudePrice(8, 40, 0.2)),
  // https://platform.claude.com/docs/en/models/sonnet-5-5/overview: cache reads cost half since that day.
  "claude-sonnet-5-5": {
    aliases: [],
    periods: [
      { from: null, price: claudePrice(2, 10, 0.2), long: null },
      { from: "2026-10-07", price: claudePrice(2, 10, 0.1), long: null },
    ],
  },
  // https://platform.claude.com/docs/en/models/haiku-5-5/overview: longer prompts cost five times as much.
  "claude-haiku-5-5": always(claudePrice(0.1, 0.5, 0.01), {
    above: 100_000,
    price: claudePrice(0.5, 2.5, 0.05),
  }),
  // https://platform.claude.com/docs/en/models/mythos-5/overview: it has the prices of Claude Fable 5.
  "claude-mythos-5": always(claudePrice(10, 50, 1)),
  // https://platform.claude.com/docs/en/models/mythos-5-1/overview: it has the prices of Claude Fable 5.1.
  "claude-mythos-5-1": always(claudePrice(10, 50, 0.25)),
};
