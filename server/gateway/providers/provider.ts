import type { ProviderName } from "../../../schemas/agent.ts";
import type { AssistantMessage, StopReason, TokenUsage } from "../../../schemas/messages.ts";
import type { Addressee } from "../faults.ts";
import type { ModelRequest } from "../gateway.ts";
import type { Transport } from "../transport.ts";

/** What every request to a provider needs. */
export interface Access {
  to: Addressee;
  /** `null`: the provider needs none. */
  key: string | null;
  transport: Transport;
}

/** One request to one model. */
export interface Call extends Access {
  request: ModelRequest;
  /** Tokens the model's window holds. */
  window: number;
  /** Text of the answer as it comes. */
  text: (text: string) => void;
  /** The usage that the provider reported so far; the last report counts. */
  used: (usage: TokenUsage) => void;
}

/** Why a model stopped; `pause`: it continues when it gets back what it has said so far. */
export type ProviderStop = StopReason | "pause";

/** A complete answer, or one that pauses; a cut or invalid one is thrown as a fault. */
export interface ProviderAnswer {
  message: AssistantMessage;
  stop_reason: ProviderStop;
  usage: TokenUsage;
}

interface ListedModel {
  model: string;
  window: number | null;
}

/** The one interface of all providers. It has no policy: no retries, no limits, no cache. */
export interface Provider {
  readonly name: ProviderName;
  readonly needsKey: boolean;
  answer(call: Call): Promise<ProviderAnswer>;
  /** The models that the provider lists now; also the cheapest sign that it works. */
  list(access: Access): Promise<ListedModel[]>;
  /** One vector per text; `null`: the provider has no embeddings. */
  embed: ((access: Access, texts: readonly string[]) => Promise<number[][]>) | null;
}
