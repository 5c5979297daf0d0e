import type { AssistantMessage, TokenUsage } from "../../schemas/messages.ts";
import type { Asking } from "./charged.ts";
import { unusableAnswer, type ProviderFault } from "./faults.ts";
import type { ModelAnswer } from "./gateway.ts";
import { textOf } from "./providers/parts.ts";
import type { ProviderStop } from "./providers/provider.ts";
import type { Target } from "./targets.ts";

/** The result of one request: an answer, or a part of one if its model paused. */
export type AnswerPart = Omit<ModelAnswer, "duration_ms" | "stop_reason"> & { stop_reason: ProviderStop };

/** A complete answer: its model does not want to continue. */
export type WholeAnswer = Omit<ModelAnswer, "duration_ms">;

/** How often a model may pause within one answer. */
const MOST_PAUSES = 8;

const addUsage = (a: TokenUsage, b: TokenUsage): TokenUsage => ({
  input: a.input + b.input,
  cache_read: a.cache_read + b.cache_read,
  cache_write_5m: a.cache_write_5m + b.cache_write_5m,
  cache_write_1h: a.cache_write_1h + b.cache_write_1h,
  output: a.output + b.output,
  reasoning: a.reasoning + b.reasoning,
});

const join = (before: AnswerPart | null, part: AnswerPart): AnswerPart => {
  if (before === null) return part;
  const content: AssistantMessage["content"] = [...before.message.content, ...part.message.content];
  const cost = before.cost === null || part.cost === null ? null : before.cost + part.cost;
  return {
    ...part,
    message: { role: "assistant", content },
    usage: addUsage(before.usage, part.usage),
    cost,
  };
};

const isWhole = (part: AnswerPart): part is WholeAnswer => part.stop_reason !== "pause";

/**
 * An answer of one target that may come in parts: a model that pauses continues when it gets back what
 * it has said so far. The limits count each part as a request; callers get all parts as one answer.
 */
export class ContinuedAnswer {
  readonly #target: Target;
  readonly #asking: Asking;
  #before: AnswerPart | null = null;
  #pauses = 0;

  constructor(target: Target, asking: Asking) {
    this.#target = target;
    this.#asking = asking;
  }

  /** The next request: the question, followed by the answer so far. */
  get asking(): Asking {
    const before = this.#before;
    if (before === null) return this.#asking;
    const { request, tell } = this.#asking;
    const text = textOf(before.message, "");
    return {
      ...this.#asking,
      request: { ...request, messages: [...request.messages, before.message] },
      tell: (signal) => {
        tell(signal);
        // Only the current part is discarded.
        if (signal.type === "withdrawn" && text !== "") tell({ type: "text", text });
      },
    };
  }

  /**
   * Adds a part. Returns the complete answer after the last part, a fault if the model never ends, and
   * `null` if it continues.
   */
  add(part: AnswerPart): WholeAnswer | ProviderFault | null {
    const joined = join(this.#before, part);
    if (isWhole(joined)) return joined;
    this.#before = joined;
    this.#pauses++;
    if (this.#pauses <= MOST_PAUSES) return null;
    return unusableAnswer(this.#target, `it paused ${this.#pauses} times and did not finish`);
  }

  /** Discards the answer if its rest does not come: withdraws what was shown, and reports what was paid. */
  async abandon(reason: string): Promise<void> {
    const before = this.#before;
    if (before === null) return;
    this.#before = null;
    const { tell, spent } = this.#asking;
    if (textOf(before.message, "") !== "") tell({ type: "withdrawn" });
    const { usage, cost, provider, model } = before;
    await spent({ usage, cost, provider, model, reason });
  }
}
