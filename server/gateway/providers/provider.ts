import type { ProviderName } from "../../../schemas/agent.ts";
import type { AssistantMessage, StopReason, TokenUsage } from "../../../schemas/messages.ts";
import type { Addressee } from "../faults.ts";
import type { ModelRequest } from "../gateway.ts";
import type { Transport } from "../transport.ts";

/** What every request to a provider needs. */
export interface Access {
  to: Addressee;
  /** `null`: the provider is asked without one. */
  key: string | null;
  transport: Transport;
}

/** One question to one model. */
export interface Call extends Access {
  request: ModelRequest;
  /** Tokens the model's window holds. */
  window: number;
  /** Text of the answer as it comes. */
  text: (text: string) => void;
  /** What the provider says was used so far; the last word counts. */
  used: (usage: TokenUsage) => void;
}

/** Why a model stopped; `pause`: it goes on when it gets back what it has said so far. */
export type ProviderStop = StopReason | "pause";

/** A whole answer, or one that pauses; what is cut or unsound is thrown as a fault. */
export interface ProviderAnswer {
  message: AssistantMessage;
  stop_reason: ProviderStop;
  usage: TokenUsage;
}

interface ListedModel {
  model: string;
  window: number | null;
}

/** The one interface of all providers. It knows no policy: no retries, no limits, no cache. */
export interface Provider {
  readonly name: ProviderName;
  readonly needsKey: boolean;
  answer(call: Call): Promise<ProviderAnswer>;
  /** What the provider lists right now; the cheapest sign that it is well. */
  list(access: Access): Promise<ListedModel[]>;
  /** One vector per text; `null`: the provider has no embeddings. */
  embed: ((access: Access, texts: readonly string[]) => Promise<number[][]>) | null;
}
