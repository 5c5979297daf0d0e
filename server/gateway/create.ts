import { ask, type Policy } from "./ask.ts";
import type { Credentials, ModelGateway, UsageLedger } from "./gateway.ts";
import { keepCaps } from "./limits.ts";
import { windowOf, type PriceOverrides } from "./prices.ts";
import { loadProvider } from "./providers.ts";
import { targetOf, type Endpoints } from "./targets.ts";
import { openConnections, type Deadlines } from "./transport.ts";
import { systemClock, type Clock } from "./waiting.ts";

export interface GatewayOptions {
  ledger: UsageLedger;
  credentials: Credentials;
  /** Base addresses in place of the providers' own: `ANTHROPIC_BASE_URL`, `--endpoint`. */
  endpoints?: Endpoints;
  /** Folder for what is cached on disk; `null`: in memory alone. */
  cacheFolder?: string | null;
  /** The user's own prices by model. */
  prices?: PriceOverrides;
  /** Proxy settings are read from it; the process's own if left out. */
  environment?: NodeJS.ProcessEnv;
  /** For tests. */
  clock?: Clock;
  random?: () => number;
  deadlines?: Partial<Omit<Deadlines, "total">>;
}

export const createGateway = (options: GatewayOptions): ModelGateway => {
  const endpoints = options.endpoints ?? {};
  const policy: Policy = {
    providers: loadProvider,
    endpoints,
    credentials: options.credentials,
    caps: keepCaps(options.ledger),
    prices: options.prices ?? {},
    attempts: {
      connections: openConnections(options.environment ?? process.env),
      clock: options.clock ?? systemClock,
      deadlines: options.deadlines ?? {},
      withoutTools: new Set(),
    },
    random: options.random ?? Math.random,
  };
  return {
    async generate(request, charge, { signal, tell = () => undefined }) {
      return ask({ request, charge, signal, tell }, policy);
    },
    contextWindow(provider) {
      const { provider: name, model } = targetOf(provider, endpoints);
      return windowOf(name, model);
    },
    models() {
      return Promise.resolve([]);
    },
  };
};
