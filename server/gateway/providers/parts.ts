import type {
  AssistantMessage,
  Message,
  StopReason,
  TokenUsage,
  ToolCallPart,
} from "../../../schemas/messages.ts";
import { parseJson } from "../../../schemas/json-depth.ts";
import type { Json } from "../../../schemas/primitives.ts";
import { emptyAnswer, type Addressee } from "../faults.ts";
import type { ProviderAnswer, ProviderStop } from "./provider.ts";

/**
 * The arguments of a call as the model wrote them. `invalid` instead of a guess: arguments that are cut
 * or not a JSON object are never run.
 */
export const readArguments = (raw: string): Pick<ToolCallPart, "arguments" | "invalid"> => {
  if (raw.trim() === "") return { arguments: {}, invalid: null };
  try {
    let parsed = parseLoose(withoutFence(raw));
    // Some servers encode them twice.
    if (typeof parsed === "string" && parsed.trim().startsWith("{")) parsed = parseLoose(parsed);
    if (parsed === null) return { arguments: {}, invalid: null };
    if (typeof parsed === "object" && !Array.isArray(parsed)) return { arguments: parsed, invalid: null };
    return { arguments: raw, invalid: "the arguments are not a JSON object" };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { arguments: raw, invalid: `the arguments are not JSON: ${reason}` };
  }
};

/** A string, even if it does not end, or a comma after the last entry. Each character is read once. */
const stringOrTrailingComma = /"(?:[^"\\]|\\[^])*(?:"|$)|,(?=\s*[}\]])/g;

/** Parses JSON; some models end a list of arguments with a comma, which is harmless. */
const parseLoose = (text: string): Json => {
  try {
    return parseJson(text) as Json; // It gives nothing but JSON.
  } catch (error) {
    const strict = text.replace(stringOrTrailingComma, (found) => (found === "," ? "" : found));
    if (strict === text) throw error;
    return parseJson(strict) as Json;
  }
};

/** Some models put their arguments into a fence, as they do with code. */
const withoutFence = (raw: string): string => /^\s*```(?:json)?\n([^]*?)\n```\s*$/.exec(raw)?.[1] ?? raw;

/** The arguments as an object, because providers accept nothing else; unreadable ones under that name. */
export const argumentsObject = (call: ToolCallPart): Record<string, Json> =>
  typeof call.arguments === "object" && call.arguments !== null && !Array.isArray(call.arguments)
    ? call.arguments
    : { unreadable: call.arguments };

/** The text of a message, its parts joined. */
export const textOf = (message: Message, between: string): string =>
  message.content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join(between);

/** Marks the last call of an answer that reached its limit: its end may be missing. */
const markCutCall = (
  content: AssistantMessage["content"],
  outputTokens: number,
): AssistantMessage["content"] => {
  const last = content.at(-1);
  if (last?.type !== "tool_call") return content;
  const raw = typeof last.arguments === "string" ? last.arguments : JSON.stringify(last.arguments);
  const invalid = `the answer reached its limit of ${outputTokens} tokens in the middle of this call`;
  return [...content.slice(0, -1), { ...last, arguments: raw, invalid }];
};

/**
 * The reason to stop of an answer that ended without one, if it has calls that can be read and nothing
 * can be missing. Null: it may have been cut.
 */
export const stopOfCalls = (content: AssistantMessage["content"]): StopReason | null => {
  const last = content.at(-1);
  return last?.type === "tool_call" && last.invalid === null ? "tool_calls" : null;
};

/** Joins the parts of an answer and checks that it is not empty. */
export const wholeAnswer = (
  to: Addressee,
  content: AssistantMessage["content"],
  stop: ProviderStop,
  usage: TokenUsage,
): ProviderAnswer => {
  const kept = withOwnIds(content.filter((part) => part.type !== "text" || part.text !== ""));
  const hasCalls = kept.some((part) => part.type === "tool_call");
  const says = kept.some((part) => part.type !== "reasoning" || stop === "pause");
  if (!says && stop !== "safety" && stop !== "refusal" && stop !== "length") throw emptyAnswer(to);
  // Calls are answered first, even if the model pauses.
  const reason = hasCalls && (stop === "end" || stop === "pause") ? "tool_calls" : stop;
  const parts = reason === "length" ? markCutCall(kept, usage.output) : kept;
  return { message: { role: "assistant", content: parts }, stop_reason: reason, usage };
};

/**
 * Two calls with one id would get one result: later ones get a new id. `before`: earlier messages, whose ids
 * are taken. Some services count from the beginning in each answer.
 */
export const withOwnIds = (
  content: AssistantMessage["content"],
  before: readonly Message[] = [],
): AssistantMessage["content"] => {
  const taken = new Set(before.flatMap((message) => message.content.flatMap(idOf)));
  return content.map((part) => {
    if (part.type !== "tool_call") return part;
    let call_id = part.call_id;
    for (let number = 2; taken.has(call_id); number++) call_id = `${part.call_id}_${number}`;
    taken.add(call_id);
    return { ...part, call_id };
  });
};

const idOf = (part: Message["content"][number]): string[] =>
  part.type === "tool_call" ? [part.call_id] : [];

/** How many calls the conversation has so far: the number of the next one without an id. */
export const countCalls = (messages: readonly Message[]): number =>
  messages.reduce(
    (count, { content }) => count + content.filter(({ type }) => type === "tool_call").length,
    0,
  );

/**
 * Signatures belong to the provider that wrote them: they are stored with its name, and after a failover
 * the other provider does not get them.
 */
export const sign = (owner: string, signature: string): string => `${owner}:${signature}`;
export const signatureOf = (owner: string, signature: string | null): string | null =>
  signature?.startsWith(`${owner}:`) ? signature.slice(owner.length + 1) : null;
