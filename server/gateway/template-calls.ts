import type { AssistantMessage, ToolOffer } from "../../schemas/messages.ts";
import { parseJson } from "../../schemas/json-depth.ts";
import type { Json } from "../../schemas/primitives.ts";
import { endOfJson } from "./json-object.ts";
import { callOf, readCall, type WrittenCall } from "./written-call.ts";

/**
 * Tool calls in the form of a model's own template, which reach us as text where the server that runs the
 * model does not read them: those of Mistral, Llama and Qwen3-Coder. Those of Hermes and Qwen in
 * `<tool_call>` with JSON are read with the fenced ones.
 */

/** Reads a text from front to back. */
class Reader {
  readonly text: string;
  position: number;

  constructor(text: string, position: number) {
    this.text = text;
    this.position = position;
  }

  /** Takes what fits here; null: nothing does. The pattern must be sticky. */
  take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.text);
    if (match !== null) this.position = pattern.lastIndex;
    return match;
  }

  /** Takes the JSON that begins here. */
  json(): string | null {
    const end = endOfJson(this.text, this.position);
    if (end === null) return null;
    const json = this.text.slice(this.position, end);
    this.position = end;
    return json;
  }

  /** Takes everything before the mark, and the mark. */
  until(mark: string): string | null {
    const end = this.text.indexOf(mark, this.position);
    if (end < 0) return null;
    const taken = this.text.slice(this.position, end);
    this.position = end + mark.length;
    return taken;
  }
}

/** `[{"name": …, "arguments": {…}}, …]` */
const readList = (json: string): WrittenCall[] | null => {
  let list: unknown;
  try {
    list = parseJson(json);
  } catch {
    return null;
  }
  if (!Array.isArray(list)) return null;
  const calls = list.map(callOf);
  return calls.every((call) => call !== null) ? calls : null;
};

/** Mistral: `[TOOL_CALLS]` before a list of calls, or before each call as `name[ARGS]{…}`. */
const mistral = (reader: Reader): WrittenCall[] | null => {
  if (reader.take(/\[TOOL_CALLS\]\s*/y) === null) return null;
  if (reader.text[reader.position] === "[") {
    const json = reader.json();
    return json === null ? null : readList(json);
  }
  const named = reader.take(/([\w.-]{1,64})(?:\[CALL_ID\]\w{1,64})?(?:\[ARGS\])?\s*/y);
  const json = named === null ? null : reader.json();
  const call = json === null ? null : readCall(`{"name":${JSON.stringify(named?.[1])},"arguments":${json}}`);
  return call === null ? null : [call];
};

/** Llama: `<|python_tag|>` before the JSON of a call. */
const llama = (reader: Reader): WrittenCall[] | null => {
  if (reader.take(/<\|python_tag\|>\s*/y) === null) return null;
  const json = reader.json();
  const call = json === null ? null : readCall(json);
  return call === null ? null : [call];
};

/** Qwen3-Coder: `<function=name>` with each argument's text in `<parameter=name>`. */
const qwen = (reader: Reader): WrittenCall[] | null => {
  const tool = reader.take(/(?:<tool_call>\s*)?<function=([^>\s]{1,64})>/y)?.[1];
  if (tool === undefined) return null;
  const given: Record<string, Json> = {};
  for (;;) {
    const name = reader.take(/\s*<parameter=([^>\s]{1,64})>(?:\r?\n)?/y)?.[1];
    if (name === undefined) break;
    const value = reader.until("</parameter>");
    if (value === null) return null;
    given[name] = value.replace(/\r?\n$/, "");
  }
  return reader.take(/\s*<\/function>/y) === null ? null : [{ tool, arguments: given }];
};

/** Where a line begins with the mark of a template. */
const beginning = /^[ \t]*(?=\[TOOL_CALLS\]|<\|python_tag\|>|(?:<tool_call>\s*)?<function=)/m;
/** What servers leave between and after calls. */
const between = /(?:\s|;|<\/?tool_call>|<\|[a-z_]{1,20}\|>|<\/s>)+/y;
const isInFence = (text: string): boolean => (text.match(/^[ \t]*```/gm)?.length ?? 0) % 2 === 1;

type Part = AssistantMessage["content"][number];

/**
 * The parts of a text that ends with calls of a template; null: it does not. Only calls of offered tools
 * with nothing behind them count, so that a model can write about such a call without making it.
 * `nextCall` is the number of the first call.
 */
export const readTemplateCalls = (
  text: string,
  tools: readonly ToolOffer[],
  nextCall: number,
): Part[] | null => {
  const found = beginning.exec(text);
  if (found === null || isInFence(text.slice(0, found.index))) return null;
  const reader = new Reader(text, found.index + found[0].length);
  const calls: WrittenCall[] = [];
  while (reader.position < text.length) {
    const start = reader.position;
    const read = mistral(reader) ?? llama(reader) ?? qwen(reader);
    if (read === null) return null;
    calls.push(...read);
    reader.take(between);
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
