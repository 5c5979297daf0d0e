import type { GenerativeModel } from "@google/generative-ai";
import { z } from "zod";
import type { AssistantMessage, StopReason, TokenUsage } from "../../../schemas/messages.ts";
import { Json } from "../../../schemas/primitives.ts";
import { brokenAnswer, unreadableCall, type Addressee } from "../faults.ts";
import { once } from "../once.ts";
import { noUsage } from "../tokens.ts";
import { Tokens } from "./counts.ts";
import { type AnswerEvent, EventStream } from "./event-stream.ts";
import { looseList } from "./loose.ts";
import { withoutOverEscaping } from "./over-escaping.ts";
import { countCalls, readArguments, sign, wholeAnswer, stopOfCalls } from "./parts.ts";
import type { Access, Call, Provider, ProviderAnswer } from "./provider.ts";
import { geminiBody } from "./gemini-request.ts";

const load = once(() => import("@google/generative-ai"));

const connect = async ({ to, key }: Access): Promise<GenerativeModel> => {
  const { GoogleGenerativeAI } = await load();
  return new GoogleGenerativeAI(key ?? "").getGenerativeModel({ model: to.model }, { baseUrl: to.endpoint });
};

/**
 * The client accepts no `fetch`, but reads the global one synchronously when a call starts. We replace the
 * global one only during that call, so no other code can see ours.
 */
const beginWith = <Result>(send: typeof fetch, begin: () => Result): Result => {
  const original = globalThis.fetch;
  globalThis.fetch = send;
  try {
    return begin();
  } finally {
    globalThis.fetch = original;
  }
};

/** A text; anything empty or of another type is ignored. */
const Text = z
  .unknown()
  .optional()
  .transform((given) => (typeof given === "string" && given !== "" ? given : null));
const Id = z
  .union([z.string().min(1), z.number().transform(String)])
  .nullish()
  .catch(null)
  .transform((id) => id ?? null);
/** Arguments as an object, or as its JSON. */
const Arguments = z
  .unknown()
  .optional()
  .transform((given): Json => Json.safeParse(given ?? {}).data ?? {});
const Called = z
  .object({ id: Id, name: z.string(), args: Arguments, arguments: Arguments })
  .transform(({ args, arguments: other, ...called }) => ({ ...called, args: isEmpty(args) ? other : args }));
const isEmpty = (args: Json): boolean => JSON.stringify(args) === "{}";
const PartPiece = z.object({
  text: Text,
  thought: z.boolean().nullish().catch(null),
  thoughtSignature: Text,
  functionCall: Called.nullish().catch(null),
});
const Usage = z.object({
  promptTokenCount: Tokens,
  candidatesTokenCount: Tokens,
  cachedContentTokenCount: Tokens,
  thoughtsTokenCount: Tokens,
  toolUsePromptTokenCount: Tokens,
});
/** Reasons by number, as the protocol's own clients write them. */
const reasonNumbers = ["", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER"];
/** A reason; null for the protocol's value for no reason. */
const Reason = Text.transform((reason) => (reason?.endsWith("_UNSPECIFIED") === true ? null : reason));
const FinishReason = z
  .unknown()
  .optional()
  .transform((given) => (typeof given === "number" ? (reasonNumbers[given] ?? "OTHER") : given))
  .pipe(Reason);
/** A field that cannot be read is ignored, so that it does not cost a valid answer. */
const Piece = z.object({
  candidates: looseList(
    z.object({
      content: z
        .object({ parts: looseList(PartPiece) })
        .nullish()
        .catch(null),
      finishReason: FinishReason,
    }),
  ),
  promptFeedback: z.object({ blockReason: Reason }).nullish().catch(null),
  usageMetadata: Usage.nullish().catch(null),
});
type Piece = z.infer<typeof Piece>;

/** Gemini's prompt count includes cached tokens; its answer count does not include thoughts. */
const readUsage = (usage: NonNullable<Piece["usageMetadata"]>): TokenUsage => ({
  ...noUsage,
  input: Math.max(0, usage.promptTokenCount + usage.toolUsePromptTokenCount - usage.cachedContentTokenCount),
  cache_read: usage.cachedContentTokenCount,
  output: usage.candidatesTokenCount + usage.thoughtsTokenCount,
  reasoning: usage.thoughtsTokenCount,
});

const blocked = [
  "SAFETY",
  "RECITATION",
  "BLOCKLIST",
  "PROHIBITED_CONTENT",
  "SPII",
  "IMAGE_SAFETY",
  "LANGUAGE",
];
/** A retry usually succeeds. */
const failed = ["MALFORMED_RESPONSE", "UNEXPECTED_TOOL_CALL", "OTHER"];

const stopOf = (reason: string, to: Addressee): StopReason => {
  if (reason === "MAX_TOKENS") return "length";
  if (blocked.includes(reason)) return "safety";
  if (reason === "MALFORMED_FUNCTION_CALL") throw unreadableCall(to);
  if (failed.includes(reason)) throw brokenAnswer(to, reason.toLowerCase().replaceAll("_", " "));
  return "end";
};

const callArguments = (args: Json): { arguments: Json; invalid: string | null } =>
  readArguments(
    JSON.stringify(
      typeof args === "object" && args !== null && !Array.isArray(args) ? withoutOverEscaping(args) : args,
    ),
  );

/** An answer under construction. */
class Collected {
  readonly #call: Call;
  readonly #content: AssistantMessage["content"] = [];
  #usage = noUsage;
  #stop: StopReason | null = null;
  #nextCall: number;

  constructor(call: Call) {
    this.#call = call;
    this.#nextCall = countCalls(call.request.messages) + 1;
  }

  add({ candidates, promptFeedback, usageMetadata }: Piece): void {
    if (usageMetadata) this.#call.used((this.#usage = readUsage(usageMetadata)));
    if (promptFeedback?.blockReason) this.#stop = "safety";
    const candidate = candidates[0];
    for (const part of candidate?.content?.parts ?? []) this.#addPart(part);
    if (candidate?.finishReason) this.#stop = stopOf(candidate.finishReason, this.#call.to);
  }

  answer(): ProviderAnswer {
    const { to } = this.#call;
    // Calls arrive complete, so the last one suffices if a service gives no reason to stop.
    const stop = this.#stop ?? stopOfCalls(this.#content);
    if (stop === null) throw brokenAnswer(to, "the stream ended before the answer did");
    return wholeAnswer(to, this.#content, stop, this.#usage);
  }

  #addPart({ functionCall, thoughtSignature, text, thought }: z.infer<typeof PartPiece>): void {
    if (functionCall) {
      const { id, name, args } = functionCall;
      const signature = thoughtSignature === null ? null : sign("gemini", thoughtSignature);
      const call_id = id ?? `call_${this.#nextCall}`;
      this.#nextCall++;
      this.#content.push({ type: "tool_call", call_id, tool: name, ...callArguments(args), signature });
      return;
    }
    if (text !== null) this.#addText(thought === true ? "reasoning" : "text", text);
    if (text !== null && thought !== true) this.#call.text(text);
    // The signature can be in an empty part after the text.
    if (thoughtSignature !== null && thought !== true)
      this.#content.push({ type: "reasoning", text: "", signature: sign("gemini-text", thoughtSignature) });
  }

  #addText(type: "text" | "reasoning", text: string): void {
    const last = this.#content.at(-1);
    const isOpen = last?.type === "text" || (last?.type === "reasoning" && last.signature === null);
    if (isOpen && last.type === type) last.text += text;
    else this.#content.push(type === "text" ? { type, text } : { type, text, signature: null });
  }
}

/** Fields as the service's own JSON has them; some proxies write them as in the protocol's definition. */
const inCamelCase = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(inCamelCase);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      // The input of a tool is passed on unchanged.
      name === "args" || name === "arguments" ? field : inCamelCase(field),
    ]),
  );
};

const isRecord = (value: unknown): value is AnswerEvent =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Some wrap each piece, as the interface for code assistants does. */
const repaired = (event: AnswerEvent): AnswerEvent => {
  const piece = inCamelCase(isRecord(event.response) ? event.response : event);
  return isRecord(piece) ? piece : event;
};

const Listed = z.object({
  models: z.array(
    z.object({
      name: z.string(),
      inputTokenLimit: z.number().optional(),
      supportedGenerationMethods: z.array(z.string()).default([]),
    }),
  ),
});

export const gemini: Provider = {
  name: "Gemini",
  needsKey: true,
  answer: async (call) => {
    const model = await connect(call);
    const events = new EventStream(call.to, { written: "events", repaired });
    const send = events.over(call.transport.fetch);
    const body = geminiBody(call.to.model, call.request);
    const { stream, response } = await beginWith(send, () => model.generateContentStream(body));
    // The client also assembles the answer itself; a cut stream must not end the process there.
    response.catch(() => undefined);
    const collected = new Collected(call);
    try {
      for await (const raw of stream) {
        const piece = Piece.safeParse(raw).data;
        if (piece !== undefined) collected.add(piece);
      }
    } catch (thrown) {
      throw events.fault ?? thrown;
    }
    return collected.answer();
  },
  /** The client has no such call. */
  list: async ({ to, key, transport }) => {
    const headers = { "x-goog-api-key": key ?? "" };
    const answer = await transport.fetch(`${to.endpoint}/v1beta/models?pageSize=1000`, { headers });
    const { models } = Listed.parse(await answer.json());
    return models
      .filter(({ supportedGenerationMethods: can }) => can.includes("generateContent"))
      .map(({ name, inputTokenLimit }) => ({
        model: name.replace(/^models\//, ""),
        window: inputTokenLimit ?? null,
      }));
  },
  embed: async (access, texts) => {
    const model = await connect(access);
    const requests = texts.map((text) => ({ content: { role: "user", parts: [{ text }] } }));
    const { embeddings } = await beginWith(access.transport.fetch, () =>
      model.batchEmbedContents({ requests }),
    );
    return embeddings.map(({ values }) => values);
  },
};
