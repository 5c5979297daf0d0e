import { z } from "zod";
import { ToolOffer } from "./messages.ts";
import { Count, Json } from "./primitives.ts";

/**
 * How the language server asks the editor for its own language models: requests and one notification in
 * addition to the contract, which only an editor with `lends_models` gets and sends.
 */
export const lending = {
  /** Request to the editor, without params; the result is {@link LentModels}. */
  list: "coditect/editor/models",
  /** Request to the editor: {@link LentRequest} to {@link LentResult}; `$/progress` brings {@link LentPart}. */
  generate: "coditect/editor/generate",
  /** Notification of the editor: it has other models than before. */
  changed: "coditect/editor/modelsChanged",
} as const;

/** A language model of VS Code, as `vscode.lm.selectChatModels` describes it. */
export const LentModel = z.object({
  vendor: z.string(),
  id: z.string(),
  name: z.string(),
  /** Most tokens of a request. */
  max_input_tokens: Count,
});
export type LentModel = z.infer<typeof LentModel>;
export const LentModels = z.object({ models: z.array(LentModel) });

/** The name of such a model in an `AIProvider`: its vendor and its id. */
export const lentName = ({ vendor, id }: Pick<LentModel, "vendor" | "id">): string => `${vendor}/${id}`;

const Text = z.object({ type: z.literal("text"), text: z.string() });
const ToolCall = z.object({
  type: z.literal("tool_call"),
  call_id: z.string(),
  tool: z.string(),
  arguments: z.record(z.string(), Json),
});
const ToolResult = z.object({ type: z.literal("tool_result"), call_id: z.string(), content: z.string() });

/** VS Code knows these two roles alone; what a tool returned is part of what the user says. */
export const LentMessage = z.discriminatedUnion("role", [
  z.object({ role: z.literal("user"), content: z.array(z.discriminatedUnion("type", [Text, ToolResult])) }),
  z.object({
    role: z.literal("assistant"),
    content: z.array(z.discriminatedUnion("type", [Text, ToolCall])),
  }),
]);
export type LentMessage = z.infer<typeof LentMessage>;

export const LentRequest = z.object({
  /** {@link lentName}, or `auto`: the first model that the editor lists. */
  model: z.string(),
  messages: z.array(LentMessage),
  tools: z.array(ToolOffer),
});
export type LentRequest = z.infer<typeof LentRequest>;
/** What goes over the connection; the token is that of the progress. */
export const SentLentRequest = LentRequest.extend({ partialResultToken: z.string() });
export type SentLentRequest = z.infer<typeof SentLentRequest>;

/** A piece of an answer. Models say what they like: a call is read as loosely as that of any service. */
export const LentPart = z.discriminatedUnion("type", [
  Text,
  /** The model was asked, with a request of that many tokens by its own counter; null: it did not count. */
  z.object({ type: z.literal("asked"), input_tokens: Count.nullable() }),
  z.object({
    type: z.literal("tool_call"),
    call_id: z.string(),
    tool: z.string(),
    arguments: z.unknown().optional(),
  }),
]);
export type LentPart = z.infer<typeof LentPart>;

/**
 * Why the editor gave no answer: the codes of `vscode.LanguageModelError`, and `TooLong`, which is found
 * before the model is asked.
 */
export const LentFailure = z.object({
  code: z.enum(["NoPermissions", "Blocked", "NotFound", "TooLong", "Unknown"]),
  message: z.string(),
  /** Of `TooLong`: the tokens of the request and those that the model takes. */
  tokens: Count.optional(),
  window: Count.optional(),
});
export type LentFailure = z.infer<typeof LentFailure>;

export const LentResult = z.union([
  /** The answer is complete; tokens by the model's own counter, null: it did not count. */
  z.object({ output_tokens: Count.nullable() }),
  z.object({ failure: LentFailure }),
]);
export type LentResult = z.infer<typeof LentResult>;
