import type { Json } from "../../schemas/primitives.ts";
import { pythonic } from "./pythonic.ts";
import type { Reader } from "./template-reader.ts";
import { readCall, readCalls, type WrittenCall } from "./written-call.ts";

/** Calls that begin at the reader's position; null: there is none of this template. */
type Template = (reader: Reader) => WrittenCall[] | null;

/** Mistral: `[TOOL_CALLS]` before a list of calls, or before each call as `name[ARGS]{…}`. */
const mistral: Template = (reader) => {
  if (reader.take(/\[TOOL_CALLS\]\s*/y) === null) return null;
  if (reader.text[reader.position] === "[") return readCalls(reader.json() ?? "");
  return reader.call(reader.take(/([\w.-]{1,64})(?:\[CALL_ID\]\w{1,64})?(?:\[ARGS\])?\s*/y)?.[1]);
};

/** Llama: `<|python_tag|>` before the JSON of a call. */
const llama: Template = (reader) => {
  if (reader.take(/<\|python_tag\|>\s*/y) === null) return null;
  const call = readCall(reader.json() ?? "");
  return call === null ? null : [call];
};

/** Granite and others: a list of calls behind a mark. */
const listed: Template = (reader) => {
  const isMarked = reader.take(/(?:<\|?tool_call\|?>|functools)\s*(?=\[)/y) !== null;
  return isMarked ? readCalls(reader.json() ?? "") : null;
};

/** A value in a tag: Qwen and Anthropic put it on lines of its own. */
const withoutOwnLines = (value: string): string => value.replace(/^\r?\n/, "").replace(/\r?\n$/, "");

/** Arguments in tags, each behind an opening with its name, up to `closing`. */
const taggedArguments = (reader: Reader, opening: RegExp, closing: string): Record<string, Json> | null => {
  const given: Record<string, Json> = {};
  for (;;) {
    const name = reader.take(opening)?.[1]?.trim();
    if (name === undefined) return given;
    const value = reader.until(closing);
    if (value === null) return null;
    given[name] = withoutOwnLines(value);
  }
};

/** Qwen3-Coder: `<function=name>` with each argument's text in `<parameter=name>`; Llama: with JSON. */
const qwen: Template = (reader) => {
  const tool = reader.take(/(?:<tool_call>\s*)?<function=([^>\s]{1,64})>/y)?.[1];
  if (tool === undefined) return null;
  const isJson = reader.take(/\s*(?=\{)/y) !== null;
  const calls = isJson ? reader.call(tool) : null;
  const given = isJson ? null : taggedArguments(reader, /\s*<parameter=([^>\s]{1,64})>/y, "</parameter>");
  if (calls === null && given === null) return null;
  if (reader.take(/\s*<\/function>/y) === null) return null;
  return calls ?? [{ tool, arguments: given ?? {} }];
};

/** MiniMax and Claude's own template: `<invoke name="…">` with `<parameter name="…">`. */
const invoke: Template = (reader) => {
  const opening = /(?:<(?:minimax:tool_call|function_calls)>\s*)?<invoke name="([^">]{1,64})">/y;
  const tool = reader.take(opening)?.[1];
  if (tool === undefined) return null;
  const given = taggedArguments(reader, /\s*<parameter name="([^">]{1,64})">/y, "</parameter>");
  if (given === null || reader.take(/\s*<\/invoke>/y) === null) return null;
  return [{ tool, arguments: given }];
};

/** GLM: `<tool_call>name` with each argument in `<arg_key>` and `<arg_value>`. */
const glm: Template = (reader) => {
  const tool = reader.take(/<tool_call>\s*([\w.-]{1,64})\s*(?=<arg_key>|<\/tool_call>)/y)?.[1];
  if (tool === undefined) return null;
  const key = /\s*<arg_key>([^<]{1,64})<\/arg_key>\s*<arg_value>/y;
  const given = taggedArguments(reader, key, "</arg_value>");
  if (given === null || reader.take(/\s*<\/tool_call>/y) === null) return null;
  return [{ tool, arguments: given }];
};

/** DeepSeek: each call between its two marks, with the name and the JSON of the arguments. */
const deepseek: Template = (reader) => {
  reader.take(/<｜tool▁calls▁begin｜>\s*/y);
  const head =
    /<｜tool▁call▁begin｜>(?:function<｜tool▁sep｜>)?([\w.-]{1,64})(?:<｜tool▁sep｜>|\s)\s*(?:```json\s*)?/y;
  const calls = reader.call(reader.take(head)?.[1]);
  return reader.take(/\s*(?:```\s*)?<｜tool▁call▁end｜>/y) === null ? null : calls;
};

/** Kimi: each call between its two marks, with the number of the call behind the name. */
const kimi: Template = (reader) => {
  reader.take(/<\|tool_calls_section_begin\|>\s*/y);
  const head = /<\|tool_call_begin\|>\s*([\w.-]{1,64})(?::\d{1,6})?\s*<\|tool_call_argument_begin\|>\s*/y;
  const calls = reader.call(reader.take(head)?.[1]);
  return reader.take(/\s*<\|tool_call_end\|>/y) === null ? null : calls;
};

/** gpt-oss: a message in the channel for commentary, addressed to the tool. */
const harmony: Template = (reader) => {
  const head =
    /(?:<\|start\|>assistant)?<\|channel\|>(?:commentary|analysis) to=([\w.-]{1,64})[^<]{0,40}(?:<\|constrain\|>\w{1,20})?<\|message\|>\s*/y;
  return reader.call(reader.take(head)?.[1]);
};

/** Cohere: a list of calls between two marks, or in a code fence after `Action:`. */
const cohere: Template = (reader) => {
  if (reader.take(/(?:<\|START_ACTION\|>|Action:)\s*(?:```(?:json)?\s*)?(?=\[)/y) === null) return null;
  const calls = readCalls(reader.json() ?? "");
  reader.take(/\s*```/y);
  return calls;
};

/** ReAct: the tool after `Action:`, its arguments on the next line. */
const react: Template = (reader) => {
  const head = /Action:[ \t]*([\w.-]{1,64})[ \t]*\r?\n[ \t]*Action Input:\s*(?:```(?:json)?\s*)?/y;
  const calls = reader.call(reader.take(head)?.[1]);
  reader.take(/\s*```/y);
  return calls;
};

const templates: readonly Template[] = [
  ...[mistral, llama, listed, qwen, invoke, glm, deepseek, kimi, harmony, cohere, react, pythonic],
];

/** The calls that begin at the reader's position, in the form of any template; null: there are none. */
export const takeCalls = (reader: Reader): WrittenCall[] | null => {
  const start = reader.position;
  for (const template of templates) {
    const calls = template(reader);
    if (calls !== null) return calls;
    reader.position = start;
  }
  return null;
};

/** The place where a line begins with the mark of a template. */
export const templateMark =
  /^[ \t]*(?=\[TOOL_CALLS\]|<\|python_tag\|>|(?:<tool_call>\s*)?<function=|<\|?tool_call\|?>\s*\[|functools\[|<(?:minimax:tool_call|function_calls)>|<invoke name="|<tool_call>\s*[\w.-]+\s*<\/?(?:arg_key|tool_call)>|<｜tool▁call|<\|tool_call|<\|START_ACTION\|>|Action:[ \t]{0,20}[\w.-]{1,64}[ \t]{0,20}\r?\n[ \t]{0,20}Action Input:|Action:\s{0,20}(?:```(?:json)?\s{0,20})?\[|(?:<\|python_start\|>\s*)?\[[A-Za-z_][\w.-]{0,63}\(|(?:<\|start\|>assistant)?<\|channel\|>\w+ to=)/m;

/** What servers leave between and after calls. */
export const betweenCalls =
  /(?:\s|;|<\/?tool_call>|<\/?function_calls>|<\/minimax:tool_call>|<\|[A-Za-z_]{1,30}\|>|<｜tool▁calls▁end｜>|<\/s>)+/y;
