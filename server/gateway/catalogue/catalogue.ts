import type { AnswerLimitBy, Effort, ProviderName } from "../../../schemas/agent.ts";
import { carefulFeatures, features, type Features } from "./features.ts";
import { claudeOverrides } from "./overrides.ts";
import { KeptPrices, type ModelPrices, type Price } from "./kept-prices.ts";
import keptPrices from "./prices.json" with { type: "json" };

type PricesByModel = Readonly<Record<string, ModelPrices>>;
let prices: Readonly<Partial<Record<ProviderName, PricesByModel>>> | null = null;

/** The prices of `@pydantic/genai-prices`, kept by `npm run models -- --write`; read when first needed. */
const pricesOf = (provider: ProviderName): PricesByModel => {
  if (prices === null) {
    const { Claude, Gemini } = KeptPrices.parse(keptPrices).models;
    prices = { Claude: { ...Claude, ...claudeOverrides }, Gemini: { ...Gemini } };
  }
  return prices[provider] ?? {};
};

/** Suffixes that do not name another model: the date or number of a build, a tag, `latest`. */
const sameModel = /^(-20\d{6}|-\d{3}|-latest|:.*)?$/;
/**
 * The same for prices. A preview, a voice or a variant with a tag has its own price, and a wrong price
 * is worse than none.
 */
const samePrice = /^(-20\d{6}|-\d{3}|-latest)?$/;

/** After the name of a family. */
const anything = /^/;

/** The model's name in a table; null: the table does not contain it. */
const findName = (names: readonly string[], model: string, rest: RegExp): string | null => {
  const fitting = names.filter((name) => model.startsWith(name) && rest.test(model.slice(name.length)));
  return fitting.sort((a, b) => b.length - a.length).at(0) ?? null;
};

const findPrices = (provider: ProviderName, model: string): ModelPrices | null => {
  const table = pricesOf(provider);
  const aliased = Object.values(table).find(({ aliases }) => aliases.includes(model));
  if (aliased !== undefined) return aliased;
  const name = findName(Object.keys(table), model, samePrice);
  return name === null ? null : (table[name] ?? null);
};

/** The price on a day for a prompt of that many tokens, cache included; null: unknown. */
export const listedPrice = (
  provider: ProviderName,
  model: string,
  promptTokens: number,
  at: number,
): Price | null => {
  const day = new Date(at).toISOString().slice(0, 10);
  const inForce = findPrices(provider, model)?.periods.filter(({ from }) => from === null || from <= day);
  const period = inForce?.at(-1);
  if (period === undefined) return null;
  return period.long !== null && promptTokens > period.long.above ? period.long.price : period.price;
};

/** What the model can do; for an unknown one, careful assumptions. */
export const featuresOf = (provider: ProviderName, model: string): Features => {
  const name = findName(
    Object.keys(features[provider]),
    model,
    provider === "HuggingFace" ? anything : sameModel,
  );
  return (name === null ? undefined : features[provider][name]) ?? carefulFeatures[provider];
};

/** The known models of a provider, current ones first. */
export const modelNames = (provider: ProviderName): string[] =>
  Object.keys(features[provider]).filter((name) => !name.endsWith("/"));

/** The limit of an answer that agents have unless they set one. */
const STANDARD_LIMIT = 4096;
/** The same for a model whose thoughts count against it. */
const THINKING_LIMIT = 16_384;
/** The same for a model that is asked to think for long. */
const LONG_THINKING_LIMIT = 65_536;

const longEfforts: readonly (Effort | undefined)[] = ["xhigh", "max"];

/**
 * The most tokens of an answer, thoughts included. A model that thinks gets more than the standard
 * limit, because its thoughts alone could use that up. A limit that a user set is kept, within what the
 * model can answer. `maxTokens`: the provider's own setting; null: none.
 */
export const answerLimit = (
  {
    provider,
    model,
    maxTokens: ceiling,
  }: { provider: ProviderName; model: string; maxTokens: number | null },
  asked: { max_tokens: number; max_tokens_by?: AnswerLimitBy; effort?: Effort },
): number => {
  const { thinking, mostOutput } = featuresOf(provider, model);
  const room = longEfforts.includes(asked.effort) ? LONG_THINKING_LIMIT : THINKING_LIMIT;
  // Agents of earlier versions do not record who set the limit: only the standard one may be nobody's
  // choice.
  const isOwn = asked.max_tokens_by === "user" || asked.max_tokens !== STANDARD_LIMIT;
  const limit = !isOwn && (thinking !== "none" || asked.effort !== undefined) ? room : asked.max_tokens;
  return Math.min(limit, ceiling ?? Infinity, mostOutput ?? Infinity);
};
