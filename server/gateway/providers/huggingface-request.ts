import type { InferenceClient } from "@huggingface/inference";
import type { AssistantMessage, Message, ToolCallPart } from "../../../schemas/messages.ts";
import { UNSIGNED, wantsSignatures } from "./gemini-signatures.ts";
import { asMistral, isMistral } from "./mistral.ts";
import { argumentsObject, signatureOf, textOf } from "./parts.ts";
import type { Call } from "./provider.ts";

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

/** Models that refuse a conversation without the reasoning that led to a call. */
const wantsReasoning = (model: string): boolean => /deepseek|kimi/i.test(model);

const reasoningOf = ({ content }: AssistantMessage): string =>
  content
    .flatMap((part) => (part.type === "reasoning" && part.signature === null ? [part.text] : []))
    .join("");

/** The thought signature that Gemini wants back with a call, at least with the first one. */
const extraContent = (part: ToolCallPart, model: string, isFirst: boolean): object => {
  if (!/gemini/i.test(model)) return {};
  const unsigned = isFirst && wantsSignatures(model) ? UNSIGNED : null;
  const thought_signature = signatureOf("gemini", part.signature) ?? unsigned;
  return thought_signature === null ? {} : { extra_content: { google: { thought_signature } } };
};

const assistantMessage = (message: AssistantMessage, model: string): ChatMessage => {
  const calls = message.content
    .filter((part) => part.type === "tool_call")
    .map((part, index) => ({
      id: part.call_id,
      type: "function",
      function: { name: part.tool, arguments: JSON.stringify(argumentsObject(part)) },
      ...extraContent(part, model, index === 0),
    }));
  const content = textOf(message, "");
  // Only with calls: without them, DeepSeek's own service refuses a message that has reasoning.
  const reasoning = calls.length > 0 && wantsReasoning(model) ? reasoningOf(message) : "";
  return {
    role: "assistant",
    content,
    ...(reasoning !== "" && { reasoning_content: reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
};

const inOrder = (model: string, messages: ChatMessage[]): ChatMessage[] =>
  isMistral(model) ? asMistral(messages) : messages;

/** The request as it goes over the wire. */
export const huggingFaceBody = (
  model: string,
  request: Call["request"],
): Parameters<InferenceClient["chatCompletionStream"]>[0] => ({
  model,
  messages: inOrder(model, [
    ...(request.system === "" ? [] : [{ role: "system", content: request.system }]),
    ...request.messages.flatMap((message) =>
      message.role === "assistant" ? [assistantMessage(message, model)] : userMessages(message),
    ),
  ]),
  ...(request.tools.length > 0 && {
    tools: request.tools.map(({ name, description, schema }) => ({
      type: "function",
      function: { name, description, parameters: schema },
    })),
  }),
  ...(request.temperature !== null && { temperature: request.temperature }),
  ...(request.effort !== undefined && { reasoning_effort: request.effort }),
  ...(request.unusual_form?.max_tokens === true
    ? { max_completion_tokens: request.max_tokens }
    : { max_tokens: request.max_tokens }),
  ...(request.unusual_form?.stream_options !== true && { stream_options: { include_usage: true } }),
});
