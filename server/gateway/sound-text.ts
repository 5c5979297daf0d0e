import type { Json } from "../../schemas/primitives.ts";
import type { Message } from "../../schemas/messages.ts";
import type { ModelRequest } from "./gateway.ts";

/**
 * A text that every service accepts: half of a character that was cut in two becomes `�`, and NUL, which
 * some refuse, its picture `␀`.
 */
const soundText = (text: string): string => {
  const whole = text.isWellFormed() ? text : text.toWellFormed();
  return whole.includes("\0") ? whole.replaceAll("\0", "␀") : whole;
};

const soundJson = (value: Json): Json => {
  if (typeof value === "string") return soundText(value);
  if (Array.isArray(value)) return value.map(soundJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [soundText(name), soundJson(item)]));
};

const soundMessage = (message: Message): Message => {
  if (message.role === "assistant")
    return {
      role: "assistant",
      content: message.content.map((part) =>
        part.type === "tool_call"
          ? { ...part, tool: soundText(part.tool), arguments: soundJson(part.arguments) }
          : // Signed thoughts go back as they came, or their signature does not fit them.
            part.type === "reasoning" && part.signature !== null
            ? part
            : { ...part, text: soundText(part.text) },
      ),
    };
  return {
    role: "user",
    content: message.content.map((part) => {
      if (part.type === "text") return { ...part, text: soundText(part.text) };
      return part.type === "tool_result" ? { ...part, content: soundText(part.content) } : part;
    }),
  };
};

/** The request without characters that make a service refuse it. */
export const soundRequest = (request: ModelRequest): ModelRequest => ({
  ...request,
  system: soundText(request.system),
  messages: request.messages.map(soundMessage),
  tools: request.tools.map((tool) => ({
    ...tool,
    description: soundText(tool.description),
    schema: soundJson(tool.schema),
  })),
});
