import type Anthropic from "@anthropic-ai/sdk";
import type { ClientOptions } from "@anthropic-ai/sdk";
import type { AssistantMessage, TokenUsage } from "../../../schemas/messages.ts";
import { brokenAnswer } from "../faults.ts";
import { once } from "../once.ts";
import { z } from "zod";
import { noUsage } from "../tokens.ts";
import { TokenCount, Tokens } from "./counts.ts";
import { claudeEvents } from "./claude-events.ts";
import { EventStream } from "./event-stream.ts";
import { countCalls, readArguments, sign, stopOfCalls, wholeAnswer } from "./parts.ts";
import type { Access, Call, Provider, ProviderAnswer, ProviderStop } from "./provider.ts";
import { claudeBody } from "./claude-request.ts";

type Event = Anthropic.RawMessageStreamEvent;

/** Loaded with the first call, because it is the largest of the clients. */
const load = once(() => import("@anthropic-ai/sdk"));

const optionsOf = ({ to, key }: Access, send: typeof fetch): ClientOptions => ({
  apiKey: key,
  authToken: null,
  baseURL: to.endpoint,
  fetch: send,
  maxRetries: 0,
  logLevel: "off",
});

const known = {
  end_turn: "end",
  stop_sequence: "end",
  pause_turn: "pause",
  tool_use: "tool_calls",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  refusal: "refusal",
} satisfies Record<Anthropic.StopReason, ProviderStop>;
/** Services add reasons: a new one is treated as an ordinary end. */
const stopReasons = new Map<string, ProviderStop>(Object.entries(known));

/** The counts of tokens; compatible services leave any of them out, or write null. */
const Usage = z
  .object({
    input_tokens: TokenCount,
    cache_read_input_tokens: TokenCount,
    cache_creation_input_tokens: TokenCount,
    cache_creation: z.object({ ephemeral_1h_input_tokens: Tokens }).nullish().catch(null),
    output_tokens: TokenCount,
    output_tokens_details: z.object({ thinking_tokens: TokenCount }).nullish().catch(null),
  })
  .nullish()
  .catch(null);

/** Every count of Claude is a total so far, not an increment. */
const readUsage = (before: TokenUsage, said: unknown): TokenUsage => {
  const usage = Usage.parse(said);
  if (usage == null) return before;
  const written = usage.cache_creation_input_tokens;
  const hour = Math.min(written ?? 0, usage.cache_creation?.ephemeral_1h_input_tokens ?? 0);
  return {
    input: usage.input_tokens ?? before.input,
    cache_read: usage.cache_read_input_tokens ?? before.cache_read,
    cache_write_5m: written === null ? before.cache_write_5m : written - hour,
    cache_write_1h: written === null ? before.cache_write_1h : hour,
    output: usage.output_tokens ?? before.output,
    reasoning: usage.output_tokens_details?.thinking_tokens ?? before.reasoning,
  };
};

/** A block under construction; the JSON of a call is read when the block is complete. */
interface OpenBlock {
  kind: "text" | "thinking" | "redacted" | "call" | "other";
  text: string;
  signature: string;
  id: string;
  name: string;
  /** Its text came with its start: the following pieces repeat it. */
  isWhole?: boolean;
}

/** Compatible services leave out texts, or write null. */
const textOf = (said: unknown): string => (typeof said === "string" ? said : "");

const jsonOf = (said: unknown): string =>
  typeof said === "object" && said !== null ? JSON.stringify(said) : textOf(said);

const openBlock = (block: Anthropic.RawContentBlockStartEvent["content_block"]): OpenBlock => {
  const empty = { text: "", signature: "", id: "", name: "" };
  if (block.type === "text") return { ...empty, kind: "text", text: textOf(block.text) };
  if (block.type === "thinking")
    return {
      ...empty,
      kind: "thinking",
      text: textOf(block.thinking),
      signature: textOf(block.signature),
    };
  if (block.type === "redacted_thinking")
    return { ...empty, kind: "redacted", signature: textOf(block.data) };
  if (block.type === "tool_use") {
    // Some compatible servers send the whole input with the start of the block.
    const input = JSON.stringify(block.input ?? {});
    const text = input === "{}" ? "" : input;
    const isWhole = text !== "";
    return { ...empty, kind: "call", id: textOf(block.id), name: textOf(block.name), text, isWhole };
  }
  return { ...empty, kind: "other" };
};

const closeBlock = (block: OpenBlock, nextCall: number): AssistantMessage["content"] => {
  const { kind, text, signature, id, name } = block;
  if (kind === "text") return [{ type: "text", text }];
  if (kind === "thinking")
    return [{ type: "reasoning", text, signature: signature === "" ? null : sign("claude", signature) }];
  if (kind === "redacted")
    return [{ type: "reasoning", text: "", signature: sign("claude-redacted", signature) }];
  if (kind === "call") {
    const call_id = id === "" ? `call_${nextCall}` : id;
    return [{ type: "tool_call", call_id, tool: name, ...readArguments(text), signature: null }];
  }
  return [];
};

/** The start of a message; some compatible services send none, or one without usage. */
const Start = z.object({ message: z.object({ usage: z.unknown() }).catch({ usage: null }) });

/** An answer under construction; a reason to stop, or `message_stop`, completes it. */
class Collected {
  readonly #call: Call;
  readonly #open = new Map<number, OpenBlock>();
  readonly #content: AssistantMessage["content"] = [];
  #usage = noUsage;
  #stop: ProviderStop | null = null;
  #isWhole = false;

  constructor(call: Call) {
    this.#call = call;
  }

  add(event: Event): void {
    switch (event.type) {
      case "message_start": {
        this.#used(Start.parse(event).message.usage);
        return;
      }
      case "content_block_start": {
        const block = openBlock(event.content_block);
        this.#open.set(event.index, block);
        if (block.kind === "text" && block.text !== "") this.#call.text(block.text);
        return;
      }
      case "content_block_delta":
        this.#extend(event);
        return;
      case "content_block_stop":
        this.#close(event.index);
        return;
      case "message_delta":
        this.#used(event.usage);
        if (event.delta.stop_reason !== null) {
          this.#stop = stopReasons.get(event.delta.stop_reason) ?? "end";
          // Only the marker of the end follows, and some services leave it out.
          this.#isWhole = true;
        }
        return;
      case "message_stop":
        this.#isWhole = true;
    }
  }

  answer(): ProviderAnswer {
    if (!this.#isWhole) throw brokenAnswer(this.#call.to, "the stream ended before the answer did");
    // Some services end the message without ending its last block.
    for (const index of this.#open.keys()) this.#close(index);
    const stop = this.#stop ?? stopOfCalls(this.#content);
    if (stop === null) throw brokenAnswer(this.#call.to, "it gives no reason why it ends");
    return wholeAnswer(this.#call.to, this.#content, stop, this.#usage);
  }

  #extend({ index, delta }: Anthropic.RawContentBlockDeltaEvent): void {
    const block = this.#open.get(index);
    if (block === undefined) return;
    if (delta.type === "text_delta") {
      const text = textOf(delta.text);
      block.text += text;
      if (text !== "") this.#call.text(text);
    } else if (delta.type === "input_json_delta") {
      const json = jsonOf(delta.partial_json);
      if (block.isWhole === true && json !== "") block.text = "";
      if (json !== "") block.isWhole = false;
      block.text += json;
    } else if (delta.type === "thinking_delta") block.text += textOf(delta.thinking);
    else if (delta.type === "signature_delta") block.signature += textOf(delta.signature);
  }

  #close(index: number): void {
    const block = this.#open.get(index);
    this.#open.delete(index);
    const calls = countCalls(this.#call.request.messages) + countCalls([this.#message()]);
    if (block !== undefined) this.#content.push(...closeBlock(block, calls + 1));
  }

  #message(): AssistantMessage {
    return { role: "assistant", content: this.#content };
  }

  #used(said: unknown): void {
    this.#call.used((this.#usage = readUsage(this.#usage, said)));
  }
}

const PATH = "/v1/messages";

export const claude: Provider = {
  name: "Claude",
  needsKey: true,
  embed: null,
  answer: async (call) => {
    const stream = new EventStream(call.to, claudeEvents);
    // The base class has no resource interfaces: making them takes longer than all other work before a call.
    const { BaseAnthropic } = await load();
    const client = new BaseAnthropic(optionsOf(call, stream.over(call.transport.fetch)));
    const collected = new Collected(call);
    try {
      const body = claudeBody(call.to.model, call.request);
      // `messages.create` does the same, but writes to the console for models that it calls deprecated.
      const events = await client.post<AsyncIterable<Event>>(PATH, { body, stream: true });
      for await (const event of events) collected.add(event);
      return collected.answer();
    } catch (thrown) {
      throw call.transport.fault() ?? stream.fault ?? thrown;
    }
  },
  list: async (access) => {
    const { default: Client } = await load();
    const client = new Client(optionsOf(access, access.transport.fetch));
    const page = await client.models.list({ limit: 100 });
    return page.data.map(({ id, max_input_tokens }) => ({ model: id, window: max_input_tokens }));
  },
};
