import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { AgentConfig, AIProvider, Limits } from "../../schemas/agent.ts";
import { CoditectError } from "../../schemas/errors.ts";
import { createGateway, type GatewayOptions } from "../../server/gateway/create.ts";
import type {
  Charge,
  GatewaySignal,
  ModelAnswer,
  ModelGateway,
  ModelRequest,
  Spent,
  UsageLedger,
} from "../../server/gateway/gateway.ts";
import { strictest } from "../../server/gateway/limits.ts";
import type { Endpoints } from "../../server/gateway/targets.ts";
import { totalTokens } from "../../server/gateway/tokens.ts";
import type { Clock } from "../../server/gateway/waiting.ts";
import { newAgent } from "../../server/models/agent.ts";
import type { Protocol } from "../model-protocols.ts";
import { startModelServer, type ModelServer, type Script, type Turn } from "../model-servers.ts";

type Recorded = Parameters<UsageLedger["record"]>[0];

/** A ledger in memory that adds up usage like the stored one. */
export const memoryLedger = (): UsageLedger & { entries: Recorded[] } => {
  const entries: Recorded[] = [];
  return {
    entries,
    used: (scope) => {
      const mine = entries.filter((entry) =>
        Object.entries(scope).every(([name, value]) => value === null || Reflect.get(entry, name) === value),
      );
      return {
        tokens: mine.reduce((sum, { usage }) => sum + totalTokens(usage), 0),
        cost_microcents: mine.reduce(
          (sum, { cost_microcents, assumed_microcents }) => sum + (cost_microcents ?? assumed_microcents),
          0,
        ),
      };
    },
    record: (entry) => {
      entries.push(entry);
      return Promise.resolve();
    },
  };
};

export const noLimits: Limits = strictest();

export const agentWith = (
  provider: AIProvider,
  settings: Partial<AgentConfig["settings"]> = {},
): AgentConfig => {
  const agent = newAgent(
    { tenant_id: randomUUID(), name: "Coder", agent_type: "Coder", provider },
    "2026-01-01T00:00:00.000Z",
  );
  return { ...agent, settings: { ...agent.settings, ...settings } };
};

export const chargeTo = (agent: AgentConfig, limits: Partial<Limits> = {}): Charge => ({
  execution_id: randomUUID(),
  task_id: randomUUID(),
  agent,
  provider: null,
  limits: { ...noLimits, ...limits },
});

export const question = (text: string, changes: Partial<ModelRequest> = {}): ModelRequest => ({
  system: "Agent: Coder\nYou write code.",
  messages: [{ role: "user", content: [{ type: "text", text }] }],
  tools: [],
  temperature: 0.2,
  max_tokens: 1024,
  ...changes,
});

export const readFileTool = {
  name: "read_file",
  description: "Read a text file.",
  schema: { type: "object", properties: { path: { type: "string" } }, required: ["path"] },
};

export const gatewayWith = (
  options: Partial<GatewayOptions> = {},
): { gateway: ModelGateway; ledger: ReturnType<typeof memoryLedger> } => {
  const ledger = memoryLedger();
  const gateway = createGateway({
    ledger,
    credentials: { keys: () => Promise.resolve(["key-one"]) },
    random: () => 0,
    ...options,
  });
  return { gateway, ledger };
};

/** A clock on which waiting takes no time. It records the waits. */
export const quickClock = (): Clock & { waits: number[]; wait(ms: number): Promise<void> } => {
  const waits: number[] = [];
  let now = Date.parse("2026-01-01T12:00:00Z");
  return {
    waits,
    now: () => now,
    elapsed: () => now,
    wait: (ms) => {
      waits.push(ms);
      now += ms;
      return Promise.resolve();
    },
  };
};

/** The error of the catalogue that a call fails with. */
export const failureOf = async (asking: Promise<unknown>): Promise<CoditectError> => {
  const error = await asking.then(
    () => assert.fail("it did not fail"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof CoditectError, `not of the catalogue: ${String(error)}`);
  return error;
};

/** Starts the model servers of a suite. They end after each test. */
export const modelServers = (): ((script: Script) => Promise<ModelServer>) => {
  const servers: ModelServer[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));
  return async (script) => {
    const server = await startModelServer(script);
    servers.push(server);
    return server;
  };
};

/** A key that must not occur in any error. */
export const SECRET = "sk-very-secret-key";

/** Begins a case of one protocol: a server with these turns, and a gateway with a quick clock. */
export const failureCase =
  (protocol: Protocol, serve: ReturnType<typeof modelServers>) =>
  async (
    turns: readonly Turn[],
    settings: Partial<AgentConfig["settings"]> = {},
    deadlines: GatewayOptions["deadlines"] = {},
  ) => {
    const { url, requests } = await serve({ Coder: turns });
    const clock = quickClock();
    const credentials = { keys: () => Promise.resolve([SECRET]) };
    const { gateway, ledger } = gatewayWith({ endpoints: allAt(url), clock, credentials, deadlines });
    return {
      gateway,
      ledger,
      charge: chargeTo(agentWith(protocol.provider(url), settings)),
      clock,
      requests,
    };
  };

/** Endpoints that lead all providers to one server. */
export const allAt = (url: string): Endpoints => ({ Claude: url, Gemini: url, HuggingFace: url });

export interface Told {
  answer: ModelAnswer;
  signals: GatewaySignal[];
  /** Attempts that were paid for and gave no answer. */
  spent: Spent[];
}

export const ask = async (
  gateway: ModelGateway,
  request: ModelRequest,
  charge: Charge,
  signal: AbortSignal = new AbortController().signal,
): Promise<Told> => {
  const signals: GatewaySignal[] = [];
  const spent: Spent[] = [];
  const answer = await gateway.generate(request, charge, {
    signal,
    tell: (told) => signals.push(told),
    spent: (attempt) => Promise.resolve(void spent.push(attempt)),
  });
  return { answer, signals, spent };
};

/** The text that a subscriber shows, without withdrawn pieces. */
export const shownText = (signals: readonly GatewaySignal[]): string =>
  signals.reduce((shown, signal) => {
    if (signal.type === "withdrawn") return "";
    return signal.type === "text" ? shown + signal.text : shown;
  }, "");
