import type { AssistantMessage, ToolOffer } from "../../schemas/messages.ts";
import { betweenCalls, takeCalls, templateMark } from "./template-forms.ts";
import { Reader } from "./template-reader.ts";
import { offeredName } from "./tool-names.ts";
import type { WrittenCall } from "./written-call.ts";

/**
 * Tool calls in the form of a model's own template, which arrive as text if the server that runs the
 * model does not read them. `<tool_call>` with JSON, as Hermes and Qwen write it, is read with the
 * fenced ones.
 */

const isInFence = (text: string): boolean => (text.match(/^[ \t]*```/gm)?.length ?? 0) % 2 === 1;

type Part = AssistantMessage["content"][number];

/**
 * The parts of a text that ends with calls of a template; null: it does not. Only calls of offered tools
 * that nothing follows count, so that a model can write about such a call without making it.
 * `nextCall` is the number of the first call.
 */
export const readTemplateCalls = (
  text: string,
  tools: readonly ToolOffer[],
  nextCall: number,
): Part[] | null => {
  const found = templateMark.exec(text);
  if (found === null || isInFence(text.slice(0, found.index))) return null;
  const reader = new Reader(text, found.index + found[0].length);
  const calls: WrittenCall[] = [];
  while (reader.position < text.length) {
    const start = reader.position;
    const read = takeCalls(reader);
    if (read === null) return null;
    calls.push(...read.map((call) => ({ ...call, tool: offeredName(call.tool, tools) })));
    reader.take(betweenCalls);
    if (reader.position === start) return null;
  }
  const offered = new Set(tools.map(({ name }) => name));
  if (calls.length === 0 || calls.some(({ tool }) => !offered.has(tool))) return null;
  const before = text.slice(0, found.index).trim();
  return [
    ...(before === "" ? [] : [{ type: "text" as const, text: before }]),
    ...calls.map((call, index): Part => ({
      type: "tool_call",
      call_id: `call_${nextCall + index}`,
      ...call,
      invalid: null,
      signature: null,
    })),
  ];
};
