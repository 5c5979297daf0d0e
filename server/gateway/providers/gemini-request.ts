import type { Content, GenerateContentRequest, Part } from "@google/generative-ai";
import type { AssistantMessage, Message } from "../../../schemas/messages.ts";
import { featuresOf } from "../catalogue/catalogue.ts";
import { inGeminiDialect } from "./gemini-schema.ts";
import { UNSIGNED, wantsSignatures } from "./gemini-signatures.ts";
import { argumentsObject, signatureOf } from "./parts.ts";
import type { Call } from "./provider.ts";

/** What Gemini needs back with a part; the client's types do not have it yet. */
type SignedPart = Part & { thoughtSignature?: string };

const signed = (part: Part, signature: string | null): SignedPart => {
  const thoughtSignature = signatureOf("gemini", signature);
  return thoughtSignature === null ? part : { ...part, thoughtSignature };
};

/** The thought signature of a text, which is stored after the text. Gemini requires it back with the text. */
const textSignature = (part: AssistantMessage["content"][number] | undefined): string | null =>
  part?.type === "reasoning" ? signatureOf("gemini-text", part.signature) : null;

const assistantParts = (content: AssistantMessage["content"], model: string): SignedPart[] => {
  let isFirst = true;
  return content.flatMap((part, index): SignedPart[] => {
    if (part.type === "text") {
      const thoughtSignature = textSignature(content[index + 1]);
      if (thoughtSignature !== null) return [{ text: part.text, thoughtSignature }];
      return part.text === "" ? [] : [{ text: part.text }];
    }
    if (part.type === "reasoning") {
      const thoughtSignature = content[index - 1]?.type === "text" ? null : textSignature(part);
      return thoughtSignature === null ? [] : [{ text: "", thoughtSignature }];
    }
    const call = signed({ functionCall: { name: part.tool, args: argumentsObject(part) } }, part.signature);
    const isUnsigned = isFirst && call.thoughtSignature === undefined && wantsSignatures(model);
    isFirst = false;
    return [isUnsigned ? { ...call, thoughtSignature: UNSIGNED } : call];
  });
};

const contentOf = (message: Message, model: string): Content => {
  if (message.role === "assistant") return { role: "model", parts: assistantParts(message.content, model) };
  const parts = message.content.map((part): Part => {
    if (part.type === "text") return { text: part.text };
    if (part.type === "image") return { inlineData: { mimeType: part.mime_type, data: part.data } };
    const response = part.is_error ? { error: part.content } : { result: part.content };
    return { functionResponse: { name: part.tool, response } };
  });
  return { role: "user", parts };
};

/** If an answer has fewer tokens, every level of thinking but the lowest can use up all of them. */
const AMPLE_TOKENS = 8192;
/** The largest budget that every Gemini 2.5 accepts, and the smallest of 2.5 Pro. */
const [MOST_BUDGET, LEAST_BUDGET] = [24_576, 128];

/**
 * How the model should think, so that its thoughts leave room for the answer: by a level since Gemini 3,
 * by a budget in tokens before. The client's types do not have it.
 */
const thinkingConfig = (model: string, { max_tokens, thinking, effort }: Call["request"]): object => {
  if (effort !== undefined) return { thinkingConfig: { thinkingLevel: effort } };
  if (thinking === false || featuresOf("Gemini", model).thinking === "none") return {};
  if (wantsSignatures(model))
    return max_tokens < AMPLE_TOKENS ? { thinkingConfig: { thinkingLevel: "low" } } : {};
  const thinkingBudget = Math.min(MOST_BUDGET, Math.max(LEAST_BUDGET, Math.floor(max_tokens / 2)));
  return { thinkingConfig: { thinkingBudget } };
};

/** A tool without arguments has no parameters: Gemini refuses an object without properties. */
const parametersOf = (parameters: ReturnType<typeof inGeminiDialect>): object =>
  "properties" in parameters ? { parameters } : {};

/** The request as it goes over the wire. */
export const geminiBody = (model: string, request: Call["request"]): GenerateContentRequest => {
  const declarations = request.tools.map(({ name, description, schema }) => ({
    name,
    description,
    // Any JSON Schema; the older field `parameters` takes only a part of it.
    ...(request.plain_schemas === true
      ? parametersOf(inGeminiDialect(schema))
      : { parametersJsonSchema: schema }),
  }));
  return {
    contents: request.messages
      .map((message) => contentOf(message, model))
      .filter(({ parts }) => parts.length > 0),
    generationConfig: {
      maxOutputTokens: request.max_tokens,
      ...(request.temperature !== null && { temperature: request.temperature }),
      ...thinkingConfig(model, request),
    },
    ...(request.system !== "" && {
      systemInstruction: { role: "system", parts: [{ text: request.system }] },
    }),
    ...(declarations.length > 0 && { tools: [{ functionDeclarations: declarations }] }),
  };
};
