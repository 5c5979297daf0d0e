import type { AIProvider, ProviderName } from "../../schemas/agent.ts";
import type { ModelInfo } from "../../schemas/contract.ts";
import { ANSWER_CEILING } from "../../schemas/default-models.ts";
import { CoditectError } from "../../schemas/errors.ts";
import { askOnce } from "./ask-once.ts";
import { missingKey } from "./faults.ts";
import type { KeysOf } from "./keys.ts";
import { featuresOf, modelNames } from "./catalogue/catalogue.ts";
import { priceOf, type PriceOverrides } from "./prices.ts";
import type { Providers } from "./providers.ts";
import { targetOf, type Endpoints, type Target } from "./targets.ts";
import type { Connections } from "./connections.ts";

/** What listing models needs. */
export interface ModelSources {
  providers: Providers;
  keysOf: KeysOf;
  endpoints: Endpoints;
  /** Where Ollama is asked for the models it has pulled. */
  ollamaEndpoint: string;
  prices: PriceOverrides;
  connections: Connections;
  now: () => number;
}

/** A provider that does not answer a listing soon has a problem. */
const LISTING_MS = 10_000;

const providerFor = (name: ProviderName, model: string, ollamaEndpoint: string): AIProvider => {
  switch (name) {
    case "Claude":
      return { Claude: { model, max_tokens: ANSWER_CEILING } };
    case "Gemini":
      return { Gemini: { model, max_tokens: ANSWER_CEILING } };
    case "Ollama":
      return { Ollama: { model, endpoint: ollamaEndpoint } };
    case "HuggingFace":
      return { HuggingFace: { model, api_key: "secret:huggingface" } };
    case "VSCode":
      return { VSCode: { model } };
  }
};

const describe = (
  name: ProviderName,
  model: string,
  window: number | null,
  problem: CoditectError | null,
  sources: ModelSources,
): ModelInfo => {
  const price = priceOf(
    { provider: name, model, promptTokens: 0, at: sources.now(), centsPer1k: null },
    sources.prices,
  );
  return {
    provider: providerFor(name, model, sources.ollamaEndpoint),
    name: model,
    available: problem === null,
    problem: problem?.message ?? null,
    problem_code: problem?.code ?? null,
    price: price === null ? null : { input: price.input, output: price.output },
    context_window: window ?? featuresOf(name, model).window,
  };
};

const known = (name: ProviderName, problem: CoditectError | null, sources: ModelSources): ModelInfo[] =>
  modelNames(name).map((model) => describe(name, model, null, problem, sources));

const listed = async (
  target: Target,
  key: string | null,
  signal: AbortSignal,
  sources: ModelSources,
): Promise<ModelInfo[]> => {
  const { connections, now } = sources;
  const deadlines = { firstByte: LISTING_MS, silence: LISTING_MS, total: LISTING_MS };
  const provider = await sources.providers(target.provider);
  try {
    const options = { to: target, key, connections, deadlines, signal, now };
    const models = await askOnce(options, (transport) => provider.list({ to: target, key, transport }));
    return models.map(({ model, window }) => describe(target.provider, model, window, null, sources));
  } catch (error) {
    if (signal.aborted || !(error instanceof CoditectError)) throw error;
    return known(target.provider, error, sources);
  }
};

const modelsOf = async (
  name: ProviderName,
  reachable: boolean,
  signal: AbortSignal,
  sources: ModelSources,
): Promise<ModelInfo[]> => {
  const target = targetOf(providerFor(name, "", sources.ollamaEndpoint), sources.endpoints);
  let key: string | null;
  try {
    [key = null] = await sources.keysOf(target);
  } catch (error) {
    if (!(error instanceof CoditectError)) throw error;
    return known(name, error, sources);
  }
  const { needsKey } = await sources.providers(name);
  if (needsKey && key === null) return known(name, missingKey(target).error, sources);
  // Only Ollama itself knows which local models there are.
  if (!reachable) return name === "Ollama" ? [] : known(name, null, sources);
  return listed(target, key, signal, sources);
};

/**
 * Models with their prices and windows. With `reachable`, every provider that has a key is asked for its
 * current list; one that does not answer shows its known models with the reason.
 */
export const listModels = async (
  reachable: boolean,
  signal: AbortSignal,
  sources: ModelSources,
): Promise<ModelInfo[]> => {
  const names: ProviderName[] = ["Ollama", "Claude", "Gemini", "HuggingFace"];
  if (sources.connections.editor !== null) names.unshift("VSCode");
  const lists = await Promise.all(names.map((name) => modelsOf(name, reachable, signal, sources)));
  return lists.flat();
};
