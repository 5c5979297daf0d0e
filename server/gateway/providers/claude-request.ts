import { createHash } from "node:crypto";
import type Anthropic from "@anthropic-ai/sdk";
import type { AssistantMessage, Message } from "../../../schemas/messages.ts";
import type { Json } from "../../../schemas/primitives.ts";
import { featuresOf } from "../catalogue/catalogue.ts";
import { argumentsObject, signatureOf } from "./parts.ts";
import type { Call } from "./provider.ts";

type Block = Anthropic.ContentBlockParam;

/** An id that Claude accepts. Ids of other providers can be longer or have other characters. The same id always gives the same one. */
const claudeId = (id: string): string =>
  /^[\w-]{1,64}$/.test(id) ? id : `call_${createHash("sha256").update(id).digest("hex").slice(0, 16)}`;

const assistantBlocks = (content: AssistantMessage["content"]): Block[] =>
  content.flatMap((part): Block[] => {
    if (part.type === "text") return part.text.trim() === "" ? [] : [{ type: "text", text: part.text }];
    if (part.type === "tool_call")
      return [
        { type: "tool_use", id: claudeId(part.call_id), name: part.tool, input: argumentsObject(part) },
      ];
    const signature = signatureOf("claude", part.signature);
    if (signature !== null) return [{ type: "thinking", thinking: part.text, signature }];
    const redacted = signatureOf("claude-redacted", part.signature);
    return redacted === null ? [] : [{ type: "redacted_thinking", data: redacted }];
  });

const imageTypes = ["image/jpeg", "image/png", "image/gif", "image/webp"] as const;

const blocksOf = (message: Message): Block[] => {
  if (message.role === "assistant") return assistantBlocks(message.content);
  const said = message.content.filter((part) => part.type !== "text" || part.text.trim() !== "");
  return said.map((part): Block => {
    if (part.type === "text") return { type: "text", text: part.text };
    if (part.type === "tool_result") {
      const { call_id, content, is_error } = part;
      return { type: "tool_result", tool_use_id: claudeId(call_id), content, ...(is_error && { is_error }) };
    }
    const media_type = imageTypes.find((type) => type === part.mime_type);
    if (media_type === undefined) return { type: "text", text: `[a picture of type ${part.mime_type}]` };
    return { type: "image", source: { type: "base64", media_type, data: part.data } };
  });
};

const ephemeral = { type: "ephemeral" } as const;

/**
 * Marks the last block of a message: everything before it is written to the cache, and the next turn,
 * which repeats it, reads it from there. A thinking block cannot be marked.
 */
const markEnd = (message: Anthropic.MessageParam | undefined): void => {
  const content = message?.content;
  if (!Array.isArray(content)) return;
  const last = content.at(-1);
  if (last === undefined || last.type === "thinking" || last.type === "redacted_thinking") return;
  content[content.length - 1] = { ...last, cache_control: ephemeral };
};

/** Claude refuses to continue an answer whose last text ends in white space. */
const trimEnd = (message: Anthropic.MessageParam | undefined): void => {
  const last =
    message?.role === "assistant" && Array.isArray(message.content) ? message.content.at(-1) : null;
  if (last?.type === "text") last.text = last.text.trimEnd();
};

/** Tools have object schemas only, as Claude's type requires. */
const objectSchema = (schema: Json): Anthropic.Tool.InputSchema => ({
  ...(typeof schema === "object" && !Array.isArray(schema) ? schema : {}),
  type: "object",
});

/** The request as it goes over the wire. */
export const claudeBody = (
  model: string,
  request: Call["request"],
): Anthropic.MessageCreateParamsStreaming => {
  const messages = request.messages
    .map((message) => ({ role: message.role, content: blocksOf(message) }))
    .filter(({ content }) => content.length > 0);
  trimEnd(messages.at(-1));
  // The growing end, and the end of the last turn: Claude looks back only so far from a mark.
  markEnd(messages.at(-1));
  markEnd(messages.at(-3));
  const body: Anthropic.MessageCreateParamsStreaming = {
    model,
    max_tokens: request.max_tokens,
    messages,
    stream: true,
  };
  if (request.system !== "") body.system = [{ type: "text", text: request.system, cache_control: ephemeral }];
  if (request.tools.length > 0)
    body.tools = request.tools.map(({ name, description, schema }) => ({
      name,
      description,
      input_schema: objectSchema(schema),
    }));
  const { temperature } = request;
  const features = featuresOf("Claude", model);
  // Text that Claude 5 writes between its calls arrives as thinking, which is empty unless asked for.
  if (features.thinking !== "none" && request.thinking !== false)
    body.thinking = { type: "adaptive", display: "summarized" };
  // The client's type has the levels of the models it was made for; Claude reports what it refuses.
  if (request.effort !== undefined) Object.assign(body, { output_config: { effort: request.effort } });
  return temperature !== null && features.temperature ? Object.assign(body, { temperature }) : body;
};
