import { join } from "node:path";
import { ask, type Policy } from "./ask.ts";
import { openCircuits } from "./circuits.ts";
import { openEmbeddings } from "./embeddings.ts";
import type { EditorModels } from "./editor-models.ts";
import type { Credentials, ModelGateway, UsageLedger } from "./gateway.ts";
import { keysByOrigin } from "./keys.ts";
import { type CappedWorkspace, keepCaps } from "./limits.ts";
import { listModels } from "./models.ts";
import { modelProblem } from "./preflight.ts";
import { previewRequest } from "./preview.ts";
import { featuresOf } from "./catalogue/catalogue.ts";
import { priceOf, type PriceOverrides } from "./prices.ts";
import { lazyProviders } from "./providers.ts";
import { textOf } from "./providers/parts.ts";
import { pull } from "./pull.ts";
import { allRates, keepRates, type RateCaps, type Rates } from "./rates.ts";
import { openResponses } from "./responses.ts";
import { targetOf, targetsOf, type Endpoints } from "./targets.ts";
import { openConnections } from "./connections.ts";
import type { Deadlines } from "./deadlines.ts";
import { dayOf, systemClock, type Clock } from "./waiting.ts";
import { withoutLogin } from "../../schemas/logins.ts";
import { standardEndpoints } from "../../schemas/providers.ts";

export interface GatewayOptions {
  ledger: UsageLedger;
  credentials: Credentials;
  /** Base addresses that replace the providers' own: `ANTHROPIC_BASE_URL`, `--endpoint`. */
  endpoints?: Endpoints;
  /** Where Ollama is asked for its models; an agent's calls go to its own endpoint. */
  ollamaEndpoint?: string;
  /** Folder of the caches on disk; null: only in memory. */
  cacheFolder?: string | null;
  /** Whether answers at temperature 0 are reused. */
  responseCache?: boolean;
  /** The user's own prices by model. */
  prices?: PriceOverrides;
  rates?: RateCaps;
  /** The tenant whose caps apply as well. Omitted: there are none. */
  tenant?: CappedWorkspace & { rates: Rates };
  /** The editor that lends its models; left out: none. */
  editor?: EditorModels | null;
  /** Environment with the proxy settings; left out: that of the process. */
  environment?: NodeJS.ProcessEnv;
  /** For tests. */
  clock?: Clock;
  random?: () => number;
  deadlines?: Partial<Omit<Deadlines, "total">>;
}

/** Only connections need the logins. */
const withoutLogins = <Addresses extends Endpoints>(addresses: Addresses): Addresses => ({
  ...addresses,
  ...Object.fromEntries(Object.entries(addresses).map(([name, address]) => [name, withoutLogin(address)])),
});

const ignore = (): void => undefined;
const nothingToDo = (): Promise<void> => Promise.resolve();

export const createGateway = (options: GatewayOptions): ModelGateway => {
  const { ledger, credentials, prices = {}, cacheFolder = null } = options;
  const clock = options.clock ?? systemClock;
  const now = (): number => clock.now();
  const given = { ...options.endpoints, Ollama: options.ollamaEndpoint ?? standardEndpoints.Ollama };
  const addresses = Object.values(given);
  const connections = openConnections(options.environment ?? process.env, options.editor, addresses);
  const { Ollama: ollamaEndpoint, ...endpoints } = withoutLogins(given);
  const keysOf = keysByOrigin(credentials, { ...endpoints, Ollama: ollamaEndpoint });
  const shared = { providers: lazyProviders(), keysOf, endpoints, connections, now };
  const { tenant } = options;
  const ownRates = keepRates(options.rates ?? { requests_per_minute: null, tokens_per_minute: null }, clock);
  const policy: Policy = {
    ...shared,
    caps: keepCaps(ledger, tenant),
    rates: tenant === undefined ? ownRates : allRates([ownRates, tenant.rates], clock),
    circuits: openCircuits(() => clock.elapsed()),
    rejectedKeys: new Set(),
    prices,
    attempts: {
      connections,
      clock,
      deadlines: options.deadlines ?? {},
      lacks: new Map(),
    },
    random: options.random ?? Math.random,
  };
  const responses = openResponses(cacheFolder === null ? null : join(cacheFolder, "responses"));
  const embeddings = openEmbeddings({ ...shared, folder: cacheFolder });

  return {
    generate: async (request, charge, { keep = nothingToDo, ...asked }) => {
      const { signal, ready = nothingToDo(), tell = ignore, spent = nothingToDo } = asked;
      let recorded: Promise<void> = Promise.resolve();
      const recording = (promise: Promise<void>): void => {
        recorded = Promise.all([recorded, promise]).then(ignore);
        // It is awaited below; until then this keeps a rejection from being unhandled.
        recorded.catch(ignore);
      };
      const askNow = () => ask({ request, charge, signal, ready, tell, spent, recording }, policy);
      const [target] = targetsOf(charge, endpoints);
      const mayKnow =
        request.temperature === 0 && options.responseCache !== false && target !== undefined
          ? { request, tenantId: charge.agent.tenant_id, target, signal }
          : null;
      const answer = mayKnow === null ? await askNow() : await responses.answer(mayKnow, askNow);
      const text = textOf(answer.message, "");
      if (answer.cached && text !== "") tell({ type: "text", text });
      await Promise.all([recorded, keep(answer)]);
      return answer;
    },
    prepare: (provider) => {
      // If a client cannot be loaded, the request that needs it reports it.
      shared.providers(targetOf(provider, endpoints).provider).catch(() => undefined);
    },
    contextWindow: (provider) => {
      const { provider: name, model } = targetOf(provider, endpoints);
      const lent = name === "VSCode" ? connections.editor?.known(model) : null;
      return lent?.max_input_tokens ?? featuresOf(name, model).window;
    },
    price: (provider) => {
      const { provider: name, model } = targetOf(provider, endpoints);
      const question = { provider: name, model, promptTokens: 0, at: now(), centsPer1k: null };
      const price = priceOf(question, prices);
      return price === null ? null : { input: price.input, output: price.output };
    },
    models: (reachable, signal) => listModels(reachable, signal, { ...shared, ollamaEndpoint, prices }),
    check: (asked, signal, reachable) => modelProblem(asked, signal, shared, reachable),
    embed: (texts, charge, { signal, spent = nothingToDo }) => {
      const provider = charge.provider ?? charge.agent.provider;
      return embeddings.embed(provider, texts, {
        signal,
        spent,
        reserve: async (name, needed) => {
          await policy.rates.enter(name, needed.tokens, { patienceMs: 0, signal, onWait: ignore });
          return policy.caps.reserve(charge, dayOf(now()), needed);
        },
      });
    },
    preview: async (request, provider) => {
      const target = targetOf(provider, endpoints);
      return previewRequest(await shared.providers(target.provider), target, request);
    },
    pull: (model, signal, tell) =>
      pull({ Ollama: { model, endpoint: ollamaEndpoint } }, signal, tell, shared),
  };
};
