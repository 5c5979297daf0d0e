import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import {
  findProvider,
  type ConditionalPrice,
  type MatchLogic,
  type ModelInfo,
  type ModelPrice,
} from "@pydantic/genai-prices";
import type { KeptPrices, ModelPrices, Price } from "../server/gateway/catalogue/kept-prices.ts";

/** The file that has them, in the repository. */
export const KEPT_PRICES = new URL("../server/gateway/catalogue/prices.json", import.meta.url);

const providers = [
  { name: "Claude", providerId: "anthropic", family: /^claude-/ },
  { name: "Gemini", providerId: "google", family: /^gemini-/ },
] as const;
/** Models that agents do not use: they speak, draw, or compare. */
const others = /tts|image|live|embedding|omni|robotics|computer-use/;

const version = (): string => {
  const path = createRequire(import.meta.url).resolve("@pydantic/genai-prices");
  const manifest: unknown = JSON.parse(
    readFileSync(path.replace(/dist[/\\][^/\\]*$/, "package.json"), "utf8"),
  );
  return String(Reflect.get(Object(manifest), "version"));
};

/** Every name that the data matches exactly. Patterns are left out: they match models that are not known yet. */
const namesIn = (match: MatchLogic): string[] => {
  if ("equals" in match) return [match.equals];
  if ("or" in match) return match.or.flatMap(namesIn);
  return "and" in match ? match.and.flatMap(namesIn) : [];
};

/** Dollars per million of a kind of token, for prompts above the start of a tier; null: the base price. */
const amount = (prices: ModelPrice, name: string, above: number | null): number | undefined => {
  const price = prices[name];
  if (typeof price !== "object") return price;
  return above === null ? price.base : price.tiers.find(({ start }) => start === above)?.price;
};

const priceAbove = (id: string, prices: ModelPrice, above: number | null): Price => {
  const [input, output] = ["input_mtok", "output_mtok"].map((name) => amount(prices, name, above));
  if (input === undefined || output === undefined) throw new Error(`${id} has no price for text`);
  const written = amount(prices, "cache_write_mtok", above) ?? input;
  return {
    input,
    cache_read: amount(prices, "cache_read_mtok", above) ?? input,
    cache_write_5m: written,
    cache_write_1h: amount(prices, "cache_write_1h_mtok", above) ?? written,
    output,
  };
};

const periodOf = (id: string, { constraint, prices }: ConditionalPrice): ModelPrices["periods"][number] => {
  if (constraint !== undefined && !("start_date" in constraint))
    throw new Error(`the price of ${id} depends on the time of the day`);
  const starts = Object.values(prices).flatMap((price) =>
    typeof price === "object" ? price.tiers.map(({ start }) => start) : [],
  );
  const [above, ...more] = new Set(starts);
  if (more.length > 0) throw new Error(`${id} has more than two prices by length`);
  return {
    from: constraint?.start_date ?? null,
    price: priceAbove(id, prices, null),
    long: above === undefined ? null : { above, price: priceAbove(id, prices, above) },
  };
};

const entryOf = ({ id, match, prices }: ModelInfo): [string, ModelPrices] => {
  const name = id.replace(/-latest$/, "");
  const aliases = [...new Set(namesIn(match))].filter((alias) => alias !== name && !others.test(alias));
  const periods = (Array.isArray(prices) ? prices : [{ prices }]).map((each) => periodOf(id, each));
  return [name, { aliases, periods }];
};

const isPriced = ({ id, prices }: ModelInfo): boolean =>
  !others.test(id) &&
  (Array.isArray(prices) ? prices.map((each) => each.prices) : [prices]).every(
    (each) => each.input_mtok !== undefined && each.output_mtok !== undefined,
  );

/** The prices of the installed `@pydantic/genai-prices` in the form of `prices.json`. */
export const keptPrices = (): KeptPrices => ({
  source: `@pydantic/genai-prices ${version()}`,
  models: Object.fromEntries(
    providers.map(({ name, providerId, family }) => {
      const models = findProvider({ providerId })?.models ?? [];
      const ours = models.filter((model) => family.test(model.id) && isPriced(model));
      return [name, Object.fromEntries(ours.map(entryOf))];
    }),
  ),
});
