import type {
  AgentConfig,
  AIProvider,
  AnswerLimitBy,
  Effort,
  Limits,
  ProviderName,
} from "../../schemas/agent.ts";
import type { ModelInfo, SentRequest } from "../../schemas/contract.ts";
import type { CoditectError } from "../../schemas/errors.ts";
import type { AssistantMessage, Message, StopReason, TokenUsage, ToolOffer } from "../../schemas/messages.ts";

/** One request to a model, independent of any provider's format. */
export interface ModelRequest {
  system: string;
  messages: readonly Message[];
  tools: readonly ToolOffer[];
  /** `null`: the model does not accept one. */
  temperature: number | null;
  /** Most tokens of the answer. */
  max_tokens: number;
  /** `user`: a thinking model does not get more than `max_tokens`; left out: `model`. */
  max_tokens_by?: AnswerLimitBy;
  /** How much the model thinks; left out: the model decides. */
  effort?: Effort;
  /** `false`: a model that can think is not asked to, because its service refuses the parameter. */
  thinking?: boolean;
  /** What an OpenAI-shaped service refuses of an ordinary request. */
  unusual_form?: { max_tokens?: true; stream_options?: true };
  /** `true`: the service refuses ordinary schemas of tools, and gets them in its own dialect. */
  plain_schemas?: boolean;
}

/** A complete answer; a cut one is never returned. */
export interface ModelAnswer {
  message: AssistantMessage;
  stop_reason: StopReason;
  usage: TokenUsage;
  /** Dollars; null: the price of the model is unknown. */
  cost: number | null;
  /** The provider that answered; after a failover, it is not the one that was asked. */
  provider: ProviderName;
  model: string;
  /** From the response cache: nothing was sent or paid for; `usage` is what the answer once used. */
  cached: boolean;
  duration_ms: number;
}

/** Payments that are not for answers: an attempt that gave none, or embeddings. */
export interface Spent {
  usage: TokenUsage;
  /** Dollars; null: the price of the model is unknown. */
  cost: number | null;
  provider: ProviderName;
  model: string;
  /** Why an attempt gave no answer, or what the embeddings were for. */
  reason: string;
}

/** Whose budget a call is charged to. */
export interface Charge {
  execution_id: string;
  task_id: string;
  agent: AgentConfig;
  /** The provider that replaces the agent's own, if any. */
  provider: AIProvider | null;
  /** The caps of the run: the strictest of its own and the user's settings. The agent has its own. */
  limits: Limits;
}

/** What callers learn while a call is in progress. */
export type GatewaySignal =
  | { type: "text"; text: string }
  /** What was streamed so far is withdrawn; the request is sent again. */
  | { type: "withdrawn" }
  | { type: "retry"; provider: ProviderName; model: string; reason: string; wait_ms: number };

export interface GenerateOptions {
  signal: AbortSignal;
  /** Nothing is sent before this resolves; a rejection ends the call. */
  ready?: Promise<void>;
  tell?: (signal: GatewaySignal) => void;
  /** Called and awaited for each attempt that cost something, before the next one. */
  spent?: (spent: Spent) => Promise<void>;
  /** Called once with the answer and awaited, while what it cost is being recorded. */
  keep?: (answer: ModelAnswer) => Promise<void>;
}

/** The progress of a pull in bytes; `total` is 0 while it is unknown. */
export interface PullProgress {
  status: string;
  completed: number;
  total: number;
}

/** Vectors of texts, for ranking by `similarity`, and the model that made them. */
export interface Embedded {
  vectors: Float32Array[];
  model: string;
}

/** The only way to a model. It holds the keys, the limits, retries, failover, cache and cost. */
export interface ModelGateway {
  /**
   * Errors: `limit_reached`, `rate_limited` before anything is sent; the `provider_*`,
   * `credential_*`, `model_not_found`, `context_too_long`, `answer_blocked` codes; `cancelled` when
   * the signal aborts; `timed_out`.
   */
  generate(request: ModelRequest, charge: Charge, options: GenerateOptions): Promise<ModelAnswer>;
  /**
   * One vector per text, from the embedding model of the charge's provider; null if it has none
   * (Claude). A text is sent once, then known by its hash; what is sent counts against the caps.
   * Errors as those of `generate`; nothing is waited for and there are no retries.
   */
  embed(
    texts: readonly string[],
    charge: Charge,
    options: Pick<GenerateOptions, "signal" | "spent">,
  ): Promise<Embedded | null>;
  /** The exact request that the provider would get; nothing is sent. */
  preview(request: ModelRequest, provider: AIProvider): Promise<SentRequest>;
  /** Loads what a request to this provider needs, so that the first one does not wait for it. */
  prepare(provider: AIProvider): void;
  /** Tokens that the model's window holds; for an unknown one, a careful guess. */
  contextWindow(provider: AIProvider): number;
  /** Pulls a model into Ollama; resolves when it is complete. `tell` gets the progress in percent. */
  pull(model: string, signal: AbortSignal, tell: (progress: PullProgress) => void): Promise<void>;
  /**
   * What will certainly keep an agent that asks these providers, the first one first, with this effort
   * from being answered; `null`: nothing is known. With `reachable`, asks local servers for their
   * models; never services.
   */
  check(
    asked: { providers: readonly AIProvider[]; effort: Effort | null },
    signal: AbortSignal,
    reachable: boolean,
  ): Promise<CoditectError | null>;
  /** Dollars per million tokens of a short prompt and of the answer, today; `null`: unknown. */
  price(provider: AIProvider): { input: number; output: number } | null;
  /** Known models, and with `reachable` those that a provider lists now. */
  models(reachable: boolean, signal: AbortSignal): Promise<ModelInfo[]>;
}

/** An execution; a whole run or day (UTC), or one agent's part of it. */
export type UsageScope =
  | { execution_id: string }
  | { task_id: string; agent_id: string | null }
  | { day: string; agent_id: string | null };

/**
 * The part of the state that the gateway reads and writes; it is passed in, so that the gateway does not
 * know the store.
 */
export interface UsageLedger {
  /**
   * What was used so far, as the caps count it. Calls of unknown price count at the price that was
   * assumed for them.
   */
  used(scope: UsageScope): { tokens: number; cost_microcents: number };
  /** Counts what a call cost. The caller stores the cost together with the result of the call. */
  record(entry: {
    execution_id: string;
    task_id: string;
    agent_id: string;
    day: string;
    usage: TokenUsage;
    /** null: the price of the model is unknown. */
    cost_microcents: number | null;
    /** The price that counts if the cost is unknown. */
    assumed_microcents: number;
  }): Promise<void>;
}

/**
 * Sources of keys: environment, editor's secret storage, encrypted file. CODITECT never stores them in
 * its state.
 */
export interface Credentials {
  /** The keys valid for this provider, the one to use first; empty if none is set. */
  keys(provider: ProviderName, reference: string | null): Promise<readonly string[]>;
}
