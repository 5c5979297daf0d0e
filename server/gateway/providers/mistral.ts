import { createHash } from "node:crypto";
import type { InferenceClient } from "@huggingface/inference";

type ChatMessage = Parameters<InferenceClient["chatCompletionStream"]>[0]["messages"][number];

/** Models whose template checks the order of roles and the form of ids. */
export const isMistral = (model: string): boolean =>
  /(^|\/)(mistral|mixtral|ministral|magistral|devstral|codestral|pixtral)/i.test(model);

/** Mistral accepts only ids of nine letters and digits. The same id always gives the same result. */
const mistralId = (id: string): string =>
  /^[a-z\d]{9}$/i.test(id) ? id : createHash("sha256").update(id).digest("hex").slice(0, 9);

const withOwnIds = (message: ChatMessage): ChatMessage => ({
  ...message,
  ...(typeof message.tool_call_id === "string" && { tool_call_id: mistralId(message.tool_call_id) }),
  ...(message.tool_calls !== undefined && {
    tool_calls: message.tool_calls.map((call) => ({ ...call, id: mistralId(call.id) })),
  }),
});

/**
 * The messages as Mistral's template requires them: only the assistant may follow the result of a tool,
 * so a text there becomes part of the result, and two messages of the user never follow each other.
 */
export const asMistral = (messages: readonly ChatMessage[]): ChatMessage[] => {
  const ordered: ChatMessage[] = [];
  for (const message of messages.map(withOwnIds)) {
    const last = ordered.at(-1);
    const follows = message.role === "user" && (last?.role === "tool" || last?.role === "user");
    if (last === undefined || !follows) ordered.push(message);
    else if (typeof last.content === "string" && typeof message.content === "string")
      ordered[ordered.length - 1] = { ...last, content: `${last.content}\n\n${message.content}` };
    // A picture cannot be a part of a result.
    else ordered.push({ role: "assistant", content: "I see." }, message);
  }
  return ordered;
};
