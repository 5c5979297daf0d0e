import type { ChatRequest, Message as OllamaMessage, Ollama, Tool } from "ollama/browser";
import { z } from "zod";
import { fail } from "../../../schemas/errors.ts";
import type { AssistantMessage, StopReason, TokenUsage, UserMessage } from "../../../schemas/messages.ts";
import type { PullProgress } from "../gateway.ts";
import { brokenAnswer, modelMissing, ProviderFault } from "../faults.ts";
import { once } from "../once.ts";
import { estimateRequestTokens, noUsage, requestSize } from "../tokens.ts";
import { Tokens } from "./counts.ts";
import { type AnswerEvent, EventStream } from "./event-stream.ts";
import { looseList, LooseText } from "./loose.ts";
import { argumentsObject, countCalls, readArguments, textOf, wholeAnswer } from "./parts.ts";
import type { Access, Call, Provider, ProviderAnswer } from "./provider.ts";

/** The browser's build: the same client, which does not read files that messages name. */
const load = once(() => import("ollama/browser"));

const connect = async ({ to, key, transport }: Access, send = transport.fetch): Promise<Ollama> => {
  const { Ollama: Client } = await load();
  const headers = key === null ? {} : { Authorization: `Bearer ${key}` };
  return new Client({ host: to.endpoint, fetch: send, headers });
};

const assistantMessage = (message: AssistantMessage): OllamaMessage => {
  const calls = message.content.flatMap((part) =>
    part.type === "tool_call" ? [{ function: { name: part.tool, arguments: argumentsObject(part) } }] : [],
  );
  return {
    role: "assistant",
    content: textOf(message, ""),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
};

const userMessages = (message: UserMessage): OllamaMessage[] => {
  const results = message.content.flatMap((part): OllamaMessage[] =>
    part.type === "tool_result" ? [{ role: "tool", content: part.content, tool_name: part.tool }] : [],
  );
  const text = textOf(message, "\n\n");
  const images = message.content.flatMap((part) => (part.type === "image" ? [part.data] : []));
  if (text === "" && images.length === 0) return results;
  return [...results, { role: "user", content: text, ...(images.length > 0 && { images }) }];
};

/**
 * Windows grow in steps, because each change makes Ollama load the model again, and an unnecessarily
 * large window costs memory.
 */
const WINDOW_STEPS = [8192, 16_384, 32_768, 65_536, 131_072, 262_144];

/** How long a model stays loaded: gates run between two turns, and loading it again can take minutes. */
const KEEP_ALIVE = "30m";

/** Tokens of window to ask for: room for the conversation and its answer, within the model's own. */
export const windowFor = (request: Call["request"], window: number): number => {
  const needed = estimateRequestTokens(request) + request.max_tokens;
  return Math.min(window, WINDOW_STEPS.find((step) => step >= needed) ?? window);
};

/** The request as it goes over the wire. */
export const ollamaBody = (
  model: string,
  request: Call["request"],
  window: number,
): ChatRequest & { stream: true } => {
  const system: OllamaMessage[] = request.system === "" ? [] : [{ role: "system", content: request.system }];
  const messages = request.messages.flatMap((message) =>
    message.role === "assistant" ? [assistantMessage(message)] : userMessages(message),
  );
  const tools = request.tools.map(({ name, description, schema }): Tool => ({
    type: "function",
    // The client's type is narrower than JSON Schema; Ollama accepts any.
    function: { name, description, parameters: schema as NonNullable<Tool["function"]["parameters"]> },
  }));
  // The client's type has the levels of the models it was made for; Ollama reports what it refuses.
  const think: object = request.effort === undefined ? {} : { think: request.effort };
  return {
    model,
    messages: [...system, ...messages],
    stream: true,
    keep_alive: KEEP_ALIVE,
    ...(tools.length > 0 && { tools }),
    options: {
      num_ctx: windowFor(request, window),
      num_predict: request.max_tokens,
      ...(request.temperature !== null && { temperature: request.temperature }),
    },
    ...think,
  };
};

/** Tokens; a conversation that was cut fills the window, and no server's window is smaller. */
const SMALLEST_WINDOW = 512;

/**
 * Ollama silently drops the beginning of a conversation that does not fit. It shows in far fewer tokens
 * than the characters sent can be: no tokeniser puts eight characters into a token.
 * Servers that count only what was not in their cache report the tokens after the last answer.
 */
const checkTruncation = (call: Call, asked: number, evaluated: number): void => {
  const { request } = call;
  const fewest = requestSize(request).characters / 8;
  if (fewest < 2048 || evaluated >= fewest || evaluated < SMALLEST_WINDOW) return;
  const last = request.messages.findLastIndex(({ role }) => role === "assistant");
  const added = { ...request, system: "", tools: [], messages: request.messages.slice(last + 1) };
  if (last !== -1 && evaluated <= requestSize(added).characters) return;
  throw new ProviderFault(
    fail("context_too_long", {
      model: call.to.model,
      tokens: estimateRequestTokens(call.request),
      window: `${evaluated} tokens were read of a window of ${asked}`,
    }),
    "provider",
  );
};

const Text = z.string().catch("");
const Called = z.object({
  name: z.string().min(1),
  arguments: z.unknown().optional(),
  /** The other name for them. */
  parameters: z.unknown().optional(),
});
const CallPiece = z.union([z.object({ function: Called }).transform((call) => call.function), Called]);
/** The parts of an answer; compatible servers leave any of them out, or write null. */
const Piece = z.object({
  message: z
    .object({
      content: LooseText,
      thinking: LooseText,
      tool_calls: looseList(CallPiece),
    })
    .catch({ content: "", thinking: "", tool_calls: [] }),
  done: z.boolean().catch(false),
  done_reason: Text,
  prompt_eval_count: Tokens,
  eval_count: Tokens,
});

const argumentsText = (given: unknown): string => {
  // A few write them as a list with one entry.
  const [only, ...more] = Array.isArray(given) ? (given as unknown[]) : [given];
  const single = more.length === 0 ? only : given;
  return typeof single === "string" ? single : JSON.stringify(single ?? {});
};

/** Words of compatible servers for the end of an answer. */
const yes: readonly unknown[] = [true, "true", "True", "yes", 1];

/** A piece, and whether it is the last one: only that has a reason to stop. */
const repaired = (piece: AnswerEvent): AnswerEvent => {
  const hasReason = typeof piece.done_reason === "string" && piece.done_reason !== "";
  const done = piece.done === undefined || piece.done === null ? hasReason : yes.includes(piece.done);
  const { response, message } = piece;
  const said = typeof response === "string" && message === undefined ? { content: response } : message;
  return { ...piece, ...(said !== undefined && { message: said }), done };
};

const answer = async (call: Call): Promise<ProviderAnswer> => {
  const stream = new EventStream(call.to, { written: "lines", repaired });
  try {
    return await answerOver(stream, call);
  } catch (thrown) {
    throw stream.fault ?? thrown;
  }
};

const answerOver = async (stream: EventStream, call: Call): Promise<ProviderAnswer> => {
  const client = await connect(call, stream.over(call.transport.fetch));
  const body = ollamaBody(call.to.model, call.request, call.window);
  const firstCall = countCalls(call.request.messages);
  const calls: AssistantMessage["content"] = [];
  let [text, thinking] = ["", ""];
  let usage: TokenUsage = noUsage;
  let stop: StopReason | null = null;
  for await (const raw of await client.chat(body)) {
    const piece = Piece.parse(raw);
    thinking += piece.message.thinking;
    if (piece.message.content !== "") {
      text += piece.message.content;
      call.text(piece.message.content);
    }
    for (const called of piece.message.tool_calls) {
      const read = readArguments(argumentsText(called.arguments ?? called.parameters));
      const call_id = `call_${firstCall + calls.length + 1}`;
      calls.push({ type: "tool_call", call_id, tool: called.name, ...read, signature: null });
    }
    if (!piece.done) continue;
    usage = { ...noUsage, input: piece.prompt_eval_count, output: piece.eval_count };
    call.used(usage);
    stop = piece.done_reason === "length" ? "length" : "end";
  }
  if (stop === null) throw brokenAnswer(call.to, "the stream ended before the answer did");
  checkTruncation(call, body.options?.num_ctx ?? 0, usage.input);
  const reasoning = thinking === "" ? [] : [{ type: "reasoning" as const, text: thinking, signature: null }];
  return wholeAnswer(call.to, [...reasoning, { type: "text", text }, ...calls], stop, usage);
};

export const ollama: Provider = {
  name: "Ollama",
  needsKey: false,
  answer,
  list: async (access) => {
    const { models } = await (await connect(access)).list();
    return models.map(({ name }) => ({ model: name, window: null }));
  },
  embed: async (access, texts) => {
    const client = await connect(access);
    const { embeddings } = await client.embed({ model: access.to.model, input: [...texts] });
    return embeddings;
  },
};

/** Pulls a model into Ollama; resolves when it is there. */
export const pullModel = async (access: Access, tell: (progress: PullProgress) => void): Promise<void> => {
  const client = await connect(access);
  let done = false;
  for await (const { status, completed, total } of await client.pull({
    model: access.to.model,
    stream: true,
  })) {
    tell({ status, completed: completed || 0, total: total || 0 });
    done = status === "success";
  }
  if (!done) throw modelMissing(access.to);
};
