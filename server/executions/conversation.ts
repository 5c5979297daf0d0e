import type {
  AssistantMessage,
  Message,
  ToolOffer,
  ToolResultPart,
  UserMessage,
} from "../../schemas/messages.ts";
import type { ExecutionParameters } from "../../schemas/execution.ts";
import type { ModelRequest } from "../gateway/gateway.ts";
import type { TranscriptEntry } from "../../schemas/transcript.ts";
import type { FinishedTurn } from "../../schemas/worker.ts";

/** What a model gets: the transcript so far as a conversation. */
export interface Conversation {
  system: string;
  messages: Message[];
  tools: readonly ToolOffer[];
}

/** Results of tools before a compaction are cut to this many characters. */
const FOLDED_CHARACTERS = 200;

const fold = (content: string): string =>
  content.length <= FOLDED_CHARACTERS
    ? content
    : `${content.slice(0, FOLDED_CHARACTERS)}\n[folded to save room; call the tool again if you need the rest]`;

/** Tool results of one turn and the runtime's note after it are one message of the user. */
const appendToUser = (messages: Message[], part: UserMessage["content"][number]): void => {
  const last = messages.at(-1);
  if (last?.role === "user") last.content.push(part);
  else messages.push({ role: "user", content: [part] });
};

/** Signed thoughts are valid only in the conversation that they come from, and a compaction changes it. */
const withoutThoughts = (message: AssistantMessage): AssistantMessage => ({
  ...message,
  content: message.content.filter(({ type }) => type !== "reasoning"),
});

/** What an execution's parameters ask of its model. */
export const askedOf = ({
  temperature,
  max_tokens,
  max_tokens_by,
  effort,
}: ExecutionParameters): Pick<ModelRequest, "temperature" | "max_tokens" | "max_tokens_by" | "effort"> => ({
  temperature,
  max_tokens,
  ...(max_tokens_by !== undefined && { max_tokens_by }),
  ...(effort !== undefined && { effort }),
});

/**
 * The conversation of a transcript. Pure: the same entries always give the same messages,
 * so that a resumed execution asks exactly what it would have asked.
 */
export const buildConversation = (entries: readonly TranscriptEntry[]): Conversation => {
  const foldBefore = entries.reduce(
    (turn, entry) => (entry.type === "compacted" ? Math.max(turn, entry.before_turn) : turn),
    0,
  );
  const lastCompaction = entries.findLastIndex(({ type }) => type === "compacted");
  const conversation: Conversation = { system: "", messages: [], tools: [] };
  for (const [index, entry] of entries.entries()) {
    if (entry.type === "prompt") {
      conversation.system = entry.system;
      conversation.tools = entry.tools;
      // Copied, because results of tools may be pushed onto the last message.
      conversation.messages = entry.messages.map((message) => ({
        ...message,
        content: [...message.content],
      }));
    } else if (entry.type === "answer") {
      const { message } = entry;
      conversation.messages.push(index < lastCompaction ? withoutThoughts(message) : message);
    } else if (entry.type === "tool") {
      const { call_id, tool, content, is_error } = entry.outcome;
      const shown = entry.turn < foldBefore ? fold(content) : content;
      const result: ToolResultPart = { type: "tool_result", call_id, tool, content: shown, is_error };
      appendToUser(conversation.messages, result);
    } else if (entry.type === "note") {
      appendToUser(conversation.messages, { type: "text", text: entry.text });
    }
  }
  return conversation;
};

/** The answered turns of a transcript, for a worker that continues where another one ended. */
export const finishedTurns = (entries: readonly TranscriptEntry[]): FinishedTurn[] => {
  const turns: FinishedTurn[] = [];
  let note: string | null = null;
  for (const entry of entries) {
    if (entry.type === "note") note = entry.text;
    if (entry.type === "answer") {
      const { turn, message, stop_reason } = entry;
      turns.push({ turn, message, stop_reason, outcomes: [], note });
      note = null;
    }
    if (entry.type === "tool") turns.at(-1)?.outcomes.push(entry.outcome);
  }
  return turns;
};
