import type { InferenceClient } from "@huggingface/inference";
import { z } from "zod";
import type { AssistantMessage, Message, StopReason, TokenUsage } from "../../../schemas/messages.ts";
import { brokenAnswer } from "../faults.ts";
import { once } from "../once.ts";
import { noUsage } from "../tokens.ts";
import { Tokens } from "./counts.ts";
import { argumentsObject, countCalls, readArguments, textOf, wholeAnswer } from "./parts.ts";
import type { Access, Call, Provider, ProviderAnswer } from "./provider.ts";

const load = once(() => import("@huggingface/inference"));

const connect = async ({ to, key, transport }: Access): Promise<InferenceClient> => {
  const { InferenceClient: Client } = await load();
  return new Client(key ?? "", { endpointUrl: to.endpoint, fetch: transport.fetch, retry_on_error: false });
};

type ChatMessage = Parameters<InferenceClient["chatCompletionStream"]>[0]["messages"][number];

const userMessages = (message: Extract<Message, { role: "user" }>): ChatMessage[] => {
  const results = message.content.flatMap((part): ChatMessage[] =>
    part.type === "tool_result" ? [{ role: "tool", tool_call_id: part.call_id, content: part.content }] : [],
  );
  const images = message.content.flatMap((part) => (part.type === "image" ? [part] : []));
  const text = textOf(message, "\n\n");
  if (images.length === 0) return text === "" ? results : [...results, { role: "user", content: text }];
  const content = images.map(({ mime_type, data }) => ({
    type: "image_url" as const,
    image_url: { url: `data:${mime_type};base64,${data}` },
  }));
  return [...results, { role: "user", content: [{ type: "text", text }, ...content] }];
};

const assistantMessage = (message: AssistantMessage): ChatMessage => {
  const calls = message.content.flatMap((part) =>
    part.type === "tool_call"
      ? [
          {
            id: part.call_id,
            type: "function",
            function: { name: part.tool, arguments: JSON.stringify(argumentsObject(part)) },
          },
        ]
      : [],
  );
  const content = textOf(message, "");
  return { role: "assistant", content, ...(calls.length > 0 && { tool_calls: calls }) };
};

/** The request as it goes over the wire. */
export const huggingFaceBody = (
  model: string,
  request: Call["request"],
): Parameters<InferenceClient["chatCompletionStream"]>[0] => ({
  model,
  messages: [
    ...(request.system === "" ? [] : [{ role: "system", content: request.system }]),
    ...request.messages.flatMap((message) =>
      message.role === "assistant" ? [assistantMessage(message)] : userMessages(message),
    ),
  ],
  ...(request.tools.length > 0 && {
    tools: request.tools.map(({ name, description, schema }) => ({
      type: "function",
      function: { name, description, parameters: schema },
    })),
  }),
  ...(request.temperature !== null && { temperature: request.temperature }),
  max_tokens: request.max_tokens,
  stream_options: { include_usage: true },
});

/** What the hosts behind the router send; each leaves out something else. */
const Piece = z.object({
  choices: z
    .array(
      z.object({
        delta: z
          .object({
            content: z.string().nullish(),
            reasoning: z.string().nullish(),
            reasoning_content: z.string().nullish(),
            tool_calls: z
              .array(
                z.object({
                  index: z.number().default(0),
                  id: z.string().nullish(),
                  function: z.object({ name: z.string().nullish(), arguments: z.unknown().optional() }),
                }),
              )
              .nullish(),
          })
          .nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .default([]),
  usage: z
    .object({
      prompt_tokens: Tokens,
      completion_tokens: Tokens,
      prompt_tokens_details: z.object({ cached_tokens: Tokens }).nullish(),
      completion_tokens_details: z.object({ reasoning_tokens: Tokens }).nullish(),
    })
    .nullish(),
});
type Piece = z.infer<typeof Piece>;

const readUsage = (usage: NonNullable<Piece["usage"]>): TokenUsage => {
  const cached = usage.prompt_tokens_details?.cached_tokens ?? 0;
  return {
    ...noUsage,
    input: Math.max(0, usage.prompt_tokens - cached),
    cache_read: cached,
    output: usage.completion_tokens,
    reasoning: usage.completion_tokens_details?.reasoning_tokens ?? 0,
  };
};

const stopReasons: Readonly<Record<string, StopReason>> = {
  length: "length",
  content_filter: "safety",
  tool_calls: "tool_calls",
};

interface OpenCall {
  id: string;
  name: string;
  raw: string;
}

const addToCall = (
  calls: Map<number, OpenCall>,
  delta: {
    index: number;
    id?: string | null | undefined;
    function: { name?: string | null | undefined; arguments?: unknown };
  },
): void => {
  const call = calls.get(delta.index) ?? { id: "", name: "", raw: "" };
  const piece = delta.function.arguments ?? "";
  call.id ||= delta.id ?? "";
  call.name ||= delta.function.name ?? "";
  // Some hosts send the arguments in one piece, as an object.
  call.raw += typeof piece === "string" ? piece : JSON.stringify(piece);
  calls.set(delta.index, call);
};

const collect = async (call: Call, pieces: AsyncIterable<unknown>): Promise<ProviderAnswer> => {
  const calls = new Map<number, OpenCall>();
  let [text, reasoning] = ["", ""];
  let usage = noUsage;
  let stop: StopReason | null = null;
  for await (const raw of pieces) {
    const piece = Piece.safeParse(raw);
    if (!piece.success) throw brokenAnswer(call.to, "a piece of the answer has another form");
    if (piece.data.usage) call.used((usage = readUsage(piece.data.usage)));
    const choice = piece.data.choices[0];
    if (choice === undefined) continue;
    const { delta, finish_reason } = choice;
    reasoning += delta?.reasoning ?? delta?.reasoning_content ?? "";
    if (delta?.content) {
      text += delta.content;
      call.text(delta.content);
    }
    for (const called of delta?.tool_calls ?? []) addToCall(calls, called);
    if (finish_reason) stop = stopReasons[finish_reason] ?? "end";
  }
  if (stop === null) throw brokenAnswer(call.to, "the stream ended before the answer did");
  const first = countCalls(call.request.messages) + 1;
  const parts: AssistantMessage["content"] = [
    ...(reasoning === "" ? [] : [{ type: "reasoning" as const, text: reasoning, signature: null }]),
    { type: "text", text },
    ...[...calls.values()].map(({ id, name, raw }, index) => ({
      type: "tool_call" as const,
      call_id: id || `call_${first + index}`,
      tool: name,
      ...readArguments(raw),
      signature: null,
    })),
  ];
  return wholeAnswer(call.to, parts, stop, usage);
};

const Listed = z.object({
  data: z.array(z.object({ id: z.string(), context_length: z.number().nullish() })),
});
const Vectors = z.array(z.array(z.number()));

export const huggingface: Provider = {
  name: "HuggingFace",
  needsKey: true,
  async answer(call) {
    const client = await connect(call);
    return collect(call, client.chatCompletionStream(huggingFaceBody(call.to.model, call.request)));
  },
  /** The client has no such call; the router lists its models as OpenAI does. */
  async list({ to, key, transport }) {
    const headers = { authorization: `Bearer ${key ?? ""}` };
    const answer = await transport.fetch(`${to.endpoint}/models`, { headers });
    const { data } = Listed.parse(await answer.json());
    return data.map(({ id, context_length }) => ({ model: id, window: context_length ?? null }));
  },
  async embed(access, texts) {
    const client = await connect(access);
    const { origin } = new URL(access.to.endpoint);
    const endpointUrl = `${origin}/hf-inference/models/${access.to.model}/pipeline/feature-extraction`;
    return Vectors.parse(await client.featureExtraction({ endpointUrl, inputs: [...texts] }));
  },
};
