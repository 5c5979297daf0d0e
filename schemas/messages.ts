import { z } from "zod";
import { Count, Json } from "./primitives.ts";

/**
 * Messages between an agent and a model in no provider's own form. Providers translate them at
 * their edge; nothing else knows a provider's format.
 */
const TextPart = z.strictObject({ type: z.literal("text"), text: z.string() });

/** An image for models that take one; `data` in base64. */
const ImagePart = z.strictObject({
  type: z.literal("image"),
  mime_type: z.string(),
  data: z.base64(),
});

/** What a model thought. The provider needs `signature` back unchanged in the next turn. */
const ReasoningPart = z.strictObject({
  type: z.literal("reasoning"),
  text: z.string(),
  signature: z.string().nullable(),
});

/**
 * A tool call of the model. `invalid` says why its arguments could not be read (the raw text
 * is then in `arguments` as a string); such a call is answered with the reason and never run.
 */
export const ToolCallPart = z.strictObject({
  type: z.literal("tool_call"),
  call_id: z.string(),
  tool: z.string(),
  arguments: Json,
  invalid: z.string().nullable(),
  /** What the provider needs back unchanged with this call (Gemini's thought signature). */
  signature: z.string().nullable(),
});
export type ToolCallPart = z.infer<typeof ToolCallPart>;

export const ToolResultPart = z.strictObject({
  type: z.literal("tool_result"),
  call_id: z.string(),
  tool: z.string(),
  content: z.string(),
  is_error: z.boolean(),
});
export type ToolResultPart = z.infer<typeof ToolResultPart>;

export const UserMessage = z.strictObject({
  role: z.literal("user"),
  content: z.array(z.discriminatedUnion("type", [TextPart, ImagePart, ToolResultPart])),
});
export type UserMessage = z.infer<typeof UserMessage>;

export const AssistantMessage = z.strictObject({
  role: z.literal("assistant"),
  content: z.array(z.discriminatedUnion("type", [TextPart, ReasoningPart, ToolCallPart])),
});
export type AssistantMessage = z.infer<typeof AssistantMessage>;

export const Message = z.discriminatedUnion("role", [UserMessage, AssistantMessage]);
export type Message = z.infer<typeof Message>;

/**
 * Tokens of one answer, each kind counted once: `input` does not contain what was read from or
 * written to the cache, `output` contains `reasoning`.
 */
export const TokenUsage = z.strictObject({
  input: Count,
  cache_read: Count,
  cache_write_5m: Count,
  cache_write_1h: Count,
  output: Count,
  reasoning: Count,
});
export type TokenUsage = z.infer<typeof TokenUsage>;

/**
 * Why the model stopped. `tool_calls`: it called tools; `length`: its answer was cut at the
 * most tokens; `safety`: the provider blocked it; `refusal`: the model declined.
 */
export const StopReason = z.enum(["end", "tool_calls", "length", "safety", "refusal"]);
export type StopReason = z.infer<typeof StopReason>;

/** A tool offered to a model; `schema` is a JSON Schema of its arguments. */
export const ToolOffer = z.strictObject({ name: z.string(), description: z.string(), schema: Json });
export type ToolOffer = z.infer<typeof ToolOffer>;
