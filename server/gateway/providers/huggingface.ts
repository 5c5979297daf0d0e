import type { InferenceClient } from "@huggingface/inference";
import { z } from "zod";
import type { AssistantMessage, StopReason, TokenUsage } from "../../../schemas/messages.ts";
import { brokenAnswer } from "../faults.ts";
import { once } from "../once.ts";
import { noUsage } from "../tokens.ts";
import { Tokens } from "./counts.ts";
import { callCollector } from "./call-pieces.ts";
import { EventStream } from "./event-stream.ts";
import { looseList, LooseText } from "./loose.ts";
import { countCalls, sign, stopOfCalls, wholeAnswer } from "./parts.ts";
import type { Access, Call, Provider, ProviderAnswer } from "./provider.ts";
import { huggingFaceBody } from "./huggingface-request.ts";

const load = once(() => import("@huggingface/inference"));

const connect = async (
  { to, key, transport }: Access,
  send: typeof fetch = transport.fetch,
): Promise<InferenceClient> => {
  const { InferenceClient: Client } = await load();
  return new Client(key ?? "", { endpointUrl: to.endpoint, fetch: send, retry_on_error: false });
};

const Name = z.string().nullish().catch(null);
const Id = z
  .union([z.string(), z.number().transform(String)])
  .nullish()
  .catch(null);
const Index = z
  .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
  .nullish()
  .catch(null)
  .transform((index) => index ?? null);
/** The thought signature of a call, where Gemini answers in this form. */
const ExtraContent = z
  .object({ google: z.object({ thought_signature: z.string().min(1) }) })
  .transform(({ google }) => sign("gemini", google.thought_signature))
  .nullish()
  .catch(null);
const Called = z.object({ name: Name, arguments: z.unknown().optional() });
const CallPiece = z
  .object({
    index: Index,
    id: Id,
    function: Called.nullish().catch(null),
    extra_content: ExtraContent,
    /** Some have both fields here instead of in `function`. */
    name: Name,
    arguments: z.unknown().optional(),
  })
  .transform(({ index, id, function: called, extra_content, ...own }) => {
    const signature = extra_content ?? null;
    return { index, id, function: called ?? own, signature };
  });
/** The content of a choice; some services send the whole message where a stream has pieces. */
const Said = z
  .object({
    content: LooseText,
    reasoning: LooseText,
    reasoning_content: LooseText,
    refusal: LooseText,
    tool_calls: looseList(CallPiece),
    /** The form of calls before there were several. */
    function_call: Called.nullish().catch(null),
  })
  .nullish()
  .catch(null);
/** A field that cannot be read is ignored, so that it does not cost a valid answer. */
const Piece = z.object({
  choices: z
    .array(
      z.object({
        index: Index,
        delta: Said,
        message: Said,
        /** Of services for completions. */
        text: LooseText,
        finish_reason: Name,
      }),
    )
    .nullish()
    .catch(null),
  usage: z
    .object({
      prompt_tokens: Tokens,
      completion_tokens: Tokens,
      prompt_tokens_details: z.object({ cached_tokens: Tokens }).nullish().catch(null),
      completion_tokens_details: z.object({ reasoning_tokens: Tokens }).nullish().catch(null),
    })
    .nullish()
    .catch(null),
});
type Piece = z.infer<typeof Piece>;
type Choice = NonNullable<Piece["choices"]>[number];

const readUsage = (usage: NonNullable<Piece["usage"]>): TokenUsage => {
  const cached = usage.prompt_tokens_details?.cached_tokens ?? 0;
  const said = usage.completion_tokens;
  const reasoning = usage.completion_tokens_details?.reasoning_tokens ?? 0;
  return {
    ...noUsage,
    input: Math.max(0, usage.prompt_tokens - cached),
    cache_read: cached,
    // Some count only tokens that are not thoughts.
    output: reasoning > said ? said + reasoning : said,
    reasoning,
  };
};

const stopReasons: Readonly<Record<string, StopReason>> = {
  length: "length",
  max_tokens: "length",
  model_length: "length",
  content_filter: "safety",
  sensitive: "safety",
  tool_calls: "tool_calls",
  function_call: "tool_calls",
};

/** Reasons to stop that mean that the service failed. */
const failures: readonly string[] = ["error", "abort", "network_error", "insufficient_system_resource"];

/** An answer under construction. */
class Collected {
  readonly #calls: ReturnType<typeof callCollector>;
  #text = "";
  #reasoning = "";
  #refusal = "";
  #stop: StopReason | null = null;
  readonly #to: Call["to"];

  constructor({ request, to }: Call) {
    this.#to = to;
    this.#calls = callCollector(request.tools.map(({ name }) => name));
  }

  /** Adds a piece, and returns its text. */
  add({ delta, message, text, finish_reason }: Choice): string {
    const reason = finish_reason?.toLowerCase() ?? "";
    if (failures.includes(reason)) throw brokenAnswer(this.#to, `it ends with "${reason}"`);
    if (reason !== "") this.#stop = stopReasons[reason] ?? "end";
    const said = delta ?? message;
    if (!said) {
      this.#text += text;
      return text;
    }
    // Some send both, with the same text.
    this.#reasoning += said.reasoning === "" ? said.reasoning_content : said.reasoning;
    this.#refusal += said.refusal;
    this.#text += said.content;
    const single = said.function_call
      ? [{ index: null, id: null, function: said.function_call, signature: null }]
      : [];
    for (const { index, id, function: called, signature } of [...said.tool_calls, ...single])
      this.#calls.add({
        index: index ?? null,
        id: id === "" ? null : (id ?? null),
        name: called.name ?? null,
        arguments: called.arguments,
        signature,
      });
    return said.content;
  }

  /**
   * `isDone`: the service marked the end, so a missing reason to stop does not mean that the answer was
   * cut.
   */
  answer({ to, request }: Call, usage: TokenUsage, isDone: boolean): ProviderAnswer {
    const reasoning = this.#reasoning;
    const parts: AssistantMessage["content"] = [
      ...(reasoning === "" ? [] : [{ type: "reasoning" as const, text: reasoning, signature: null }]),
      { type: "text", text: this.#text || this.#refusal },
      ...this.#calls.parts(countCalls(request.messages) + 1),
    ];
    const stop =
      this.#refusal === "" ? (this.#stop ?? (isDone ? (stopOfCalls(parts) ?? "end") : null)) : "refusal";
    if (stop === null) throw brokenAnswer(to, "the stream ended before the answer did");
    return wholeAnswer(to, parts, stop, usage);
  }
}

const collect = async (
  call: Call,
  pieces: AsyncIterable<unknown>,
  stream: EventStream,
): Promise<ProviderAnswer> => {
  const collected = new Collected(call);
  let usage = noUsage;
  for await (const raw of pieces) {
    // Some send values without content, such as `null`, to keep the connection open.
    const piece = Piece.safeParse(raw).data;
    if (piece === undefined) continue;
    if (piece.usage) call.used((usage = readUsage(piece.usage)));
    // One answer is requested; some services send several, in any order.
    const choice = piece.choices?.find(({ index }) => (index ?? 0) === 0);
    const text = choice === undefined ? "" : collected.add(choice);
    if (text !== "") call.text(text);
  }
  return collected.answer(call, usage, stream.isDone);
};

const Listed = z.object({
  data: z.array(z.object({ id: z.string(), context_length: z.number().nullish() })),
});
const Vectors = z.array(z.array(z.number()));

export const huggingface: Provider = {
  name: "HuggingFace",
  needsKey: true,
  answer: async (call) => {
    const stream = new EventStream(call.to, { written: "events" });
    const client = await connect(call, stream.over(call.transport.fetch));
    const pieces = client.chatCompletionStream(huggingFaceBody(call.to.model, call.request));
    try {
      return await collect(call, pieces, stream);
    } catch (thrown) {
      throw stream.fault ?? thrown;
    }
  },
  /** The client has no such call; the router lists its models as OpenAI does. */
  list: async ({ to, key, transport }) => {
    const headers = { authorization: `Bearer ${key ?? ""}` };
    const answer = await transport.fetch(`${to.endpoint}/models`, { headers });
    const { data } = Listed.parse(await answer.json());
    return data.map(({ id, context_length }) => ({ model: id, window: context_length ?? null }));
  },
  embed: async (access, texts) => {
    const client = await connect(access);
    const { origin } = new URL(access.to.endpoint);
    const endpointUrl = `${origin}/hf-inference/models/${access.to.model}/pipeline/feature-extraction`;
    return Vectors.parse(await client.featureExtraction({ endpointUrl, inputs: [...texts] }));
  },
};
