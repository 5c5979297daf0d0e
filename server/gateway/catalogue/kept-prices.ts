import { z } from "zod";

/** Dollars per million tokens. Every provider here charges thoughts as output. */
const Price = z.object({
  input: z.number(),
  cache_read: z.number(),
  cache_write_5m: z.number(),
  cache_write_1h: z.number(),
  output: z.number(),
});
export type Price = z.infer<typeof Price>;

const ModelPrices = z.object({
  /** Other names of the same model. */
  aliases: z.array(z.string()),
  periods: z.array(
    z.object({
      /** First day of these prices, in UTC; null: from the beginning. */
      from: z.iso.date().nullable(),
      price: Price,
      /** Prompts of more than `above` tokens, cache included, have another price. */
      long: z.object({ above: z.number(), price: Price }).nullable(),
    }),
  ),
});
export type ModelPrices = z.infer<typeof ModelPrices>;

/** `prices.json`. */
export const KeptPrices = z.object({
  /** The package and its version. */
  source: z.string(),
  /** By provider and model. */
  models: z.record(z.string(), z.record(z.string(), ModelPrices)),
});
export type KeptPrices = z.infer<typeof KeptPrices>;
