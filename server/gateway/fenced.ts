import type { AssistantMessage, Message, ToolCallPart, ToolOffer } from "../../schemas/messages.ts";
import type { ModelRequest } from "./gateway.ts";
import { endOfJson } from "./json-object.ts";
import { offeredName } from "./tool-names.ts";
import { readCall, readCalls, type WrittenCall } from "./written-call.ts";

/**
 * Tool calls as text, for models without native ones: the system text describes the tools, and a call is
 * a fenced block of JSON in the answer. Also reads calls that a model with native tools writes as text
 * by mistake.
 */
const instructions = (tools: readonly ToolOffer[]): string =>
  [
    "# Tools",
    "To call a tool, write a block of exactly this form, and nothing behind the last one:",
    '```tool_call\n{"tool": "NAME", "arguments": {…}}\n```',
    "Several blocks call several tools. The results come with the next message.",
    ...tools.map(
      ({ name, description, schema }) => `## ${name}\n${description}\nArguments: ${JSON.stringify(schema)}`,
    ),
  ].join("\n\n");

const fence = (call: Pick<ToolCallPart, "tool" | "arguments">): string =>
  `\`\`\`tool_call\n${JSON.stringify({ tool: call.tool, arguments: call.arguments })}\n\`\`\``;

const asText = (message: Message): Message => {
  if (message.role === "assistant") {
    const texts = message.content.flatMap((part) => {
      if (part.type === "tool_call") return [fence(part)];
      return part.type === "text" ? [part.text] : [];
    });
    return { role: "assistant", content: [{ type: "text", text: texts.join("\n\n") }] };
  }
  return {
    role: "user",
    content: message.content.map((part) => {
      if (part.type !== "tool_result") return part;
      const kind = part.is_error ? "Error" : "Result";
      return { type: "text", text: `${kind} of ${part.tool} (${part.call_id}):\n${part.content}` };
    }),
  };
};

/** The same request for a model without native tools. */
export const withFencedTools = (request: ModelRequest): ModelRequest => ({
  ...request,
  system: `${request.system}\n\n${instructions(request.tools)}`,
  messages: request.messages.map(asText),
  tools: [],
});

/** Blocks of one text that are examined; each may be read to the end of the text. */
const MOST_BLOCKS = 200;

interface Fence {
  /** Its name says that it is a tool call, even if it cannot be read. */
  isCall: boolean;
  start: number;
  bodyStart: number;
  closing: RegExp;
}

/** The part of a line before a tag that is searched for backticks. */
const MOST_OF_LINE = 2000;

/** Returns whether a position is in code: within backticks of its line, or within an open fence. */
const codeFinder = (text: string): ((at: number) => boolean) => {
  const fences = [...text.matchAll(/^[ \t]*```/gm)].map(({ index }) => index);
  return (at) => {
    const lineStart = Math.max(text.lastIndexOf("\n", at - 1) + 1, at - MOST_OF_LINE);
    if (text.slice(lineStart, at).split("`").length % 2 === 0) return true;
    const next = fences.findIndex((index) => index >= at);
    return (next < 0 ? fences.length : next) % 2 === 1;
  };
};

const findFence = (text: string, from: number, isInCode: (at: number) => boolean): Fence | null => {
  // Blanks are matched in one place only: two would take quadratic time on a long line of them.
  const opening = /^[ \t]*```[ \t]*(?:(tool_call|tool|json)[ \t]*)?\r?\n|<tool_call>/gm;
  opening.lastIndex = from;
  let match = opening.exec(text);
  for (let looks = 0; match?.[0] === "<tool_call>" && isInCode(match.index); looks++)
    match = looks < MOST_BLOCKS ? opening.exec(text) : null;
  if (match === null) return null;
  const isTag = match[0] === "<tool_call>";
  return {
    isCall: isTag || match[1] === "tool_call",
    start: match.index,
    bodyStart: match.index + match[0].length,
    closing: isTag ? /<\/tool_call>/g : /^[ \t]*```[ \t]*$/gm,
  };
};

interface Block {
  json: string;
  /** Empty: it could not be read. */
  calls: WrittenCall[];
  end: number;
}

/** The calls in a JSON text, one or a list; empty: it has none. */
const callsOf = (json: string, tools: readonly ToolOffer[]): WrittenCall[] => {
  const call = readCall(json);
  const calls = call === null ? (readCalls(json) ?? []) : [call];
  return calls.map((each) => ({ ...each, tool: offeredName(each.tool, tools) }));
};

/** The content of a file in the arguments may contain fences: the block ends after its object. */
const readBlock = (text: string, { bodyStart, closing }: Fence, tools: readonly ToolOffer[]): Block => {
  const blanks = /\s*/y;
  blanks.lastIndex = bodyStart;
  const start = bodyStart + (blanks.exec(text)?.[0].length ?? 0);
  const objectEnd = endOfJson(text, start);
  closing.lastIndex = objectEnd ?? bodyStart;
  const match = closing.exec(text);
  const end = match === null ? text.length : match.index + match[0].length;
  const json = text.slice(start, match?.index ?? text.length).trim();
  // If more than the object follows, it is not certain to be a call.
  const isAlone = objectEnd !== null && start + json.length <= objectEnd;
  return { json, calls: isAlone ? callsOf(text.slice(start, objectEnd), tools) : [], end };
};

/** A call that was announced and cannot be read: it is answered with the reason, and never run. */
const unreadable = (json: string): Pick<ToolCallPart, "tool" | "arguments" | "invalid"> => ({
  tool: /"(?:tool|name)"\s*:\s*"([^"]+)"/.exec(json)?.[1] ?? "unknown",
  arguments: json,
  invalid: 'the block is not of the form {"tool": …, "arguments": {…}}',
});

type Part = AssistantMessage["content"][number];

/**
 * The parts of a text with its fenced calls read. A block that is only named `json` is a call if it
 * names an offered tool. `nextCall` is the number of the first call.
 */
export const readFencedCalls = (text: string, tools: readonly ToolOffer[], nextCall: number): Part[] => {
  const offered = new Set(tools.map(({ name }) => name));
  const parts: Part[] = [];
  let [copied, position] = [0, 0];
  const addText = (end: number): void => {
    const piece = text.slice(copied, end).trim();
    if (piece !== "") parts.push({ type: "text", text: piece });
  };
  let number = nextCall;
  const addCall = (call: Pick<ToolCallPart, "tool" | "arguments" | "invalid">): void => {
    parts.push({ type: "tool_call", call_id: `call_${number++}`, ...call, signature: null });
  };

  const bare = callsOf(text.trim(), tools);
  if (bare.length > 0 && bare.every(({ tool }) => offered.has(tool))) {
    for (const call of bare) addCall({ ...call, invalid: null });
    return parts;
  }
  let looks = 0;
  const isInCode = codeFinder(text);
  const find = (): Fence | null => findFence(text, position, isInCode);
  for (let found = find(); found !== null; found = find()) {
    if (++looks > MOST_BLOCKS) break;
    const { json, calls, end } = readBlock(text, found, tools);
    const isCall = found.isCall || (calls.length > 0 && calls.every(({ tool }) => offered.has(tool)));
    position = isCall ? end : found.bodyStart;
    if (!isCall) continue;
    addText(found.start);
    copied = end;
    if (calls.length === 0) addCall(unreadable(json));
    for (const call of calls) addCall({ ...call, invalid: null });
  }
  addText(text.length);
  return parts;
};
