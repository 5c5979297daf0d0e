import assert from "node:assert/strict";
import type { AIProvider } from "../../../schemas/agent.ts";
import type { AssistantMessage } from "../../../schemas/messages.ts";
import { listen } from "../../model-servers.ts";
import {
  agentWith,
  allAt,
  ask,
  chargeTo,
  failureOf,
  gatewayWith,
  question,
  quickClock,
  readFileTool,
} from "../../support/gateway.ts";

/** What is sent as the whole body of an answer, or of each in their order. */
type Bodies = string | readonly string[];

const ARGUMENTS = '{"path":"a.ts"}';
const lines = (...values: unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join("");
const events = (...values: unknown[]): string =>
  values.map((value) => `data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`).join("");

// OpenAI-shaped.
const choice = (delta: unknown, finish_reason: unknown = null) => ({
  choices: [{ index: 0, delta, finish_reason }],
});
const called = (given: object = {}) => ({
  ...{ index: 0, id: "x", function: { name: "read_file", arguments: ARGUMENTS } },
  ...given,
});
const calls = (...list: unknown[]) => choice({ tool_calls: list });
const named = (name: string | undefined, given: unknown, more: object = {}) =>
  calls({ index: 0, function: { name, arguments: given }, ...more });
const ended = choice({}, "tool_calls");

// Claude.
const begun = { type: "message_start", message: { usage: { input_tokens: 9, output_tokens: 1 } } };
const block = (input: unknown) => ({
  ...{ type: "content_block_start", index: 0 },
  content_block: { type: "tool_use", id: "x", name: "read_file", input },
});
const json = (delta: object) => ({ type: "content_block_delta", index: 0, delta });
const closed = { type: "content_block_stop", index: 0 };
const because = { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 4 } };
const over = { type: "message_stop" };

// Gemini.
const piece = (parts: unknown, finishReason: unknown = "STOP") => ({
  candidates: [{ content: { role: "model", parts }, finishReason }],
});
const functionCall = { name: "read_file", args: { path: "a.ts" } };

// Ollama.
const said = (message: unknown, more: object = {}) => ({ message, done: false, ...more });
const toolCalls = (...list: unknown[]) => said({ role: "assistant", content: "", tool_calls: list });
const native = { function: { name: "read_file", arguments: { path: "a.ts" } } };
const done = { message: { role: "assistant", content: "" }, done: true, done_reason: "stop" };
const writes = (content: string): string => lines(said({ role: "assistant", content }), done);

/** Each of these is one call of `read_file` with the path `a.ts`, by provider. */
const oneCall: Readonly<Record<string, Readonly<Record<string, Bodies>>>> = {
  HuggingFace: {
    "an entry of the calls is null": events(calls(null, called()), ended),
    "each piece of a call has an id of its own": events(
      named("read_file", '{"path"', { id: "x" }),
      named(undefined, ':"a.ts"}', { id: "y" }),
      ended,
    ),
    "the name comes in pieces": events(named("read", ""), named("_file", ARGUMENTS), ended),
    "the arguments begin with an empty object": events(
      named("read_file", "{}"),
      named(undefined, ARGUMENTS),
      ended,
    ),
    "name and arguments are beside the function": events(
      calls({ index: 0, name: "read_file", arguments: ARGUMENTS }),
      ended,
    ),
    "the index is a text": events(calls(called({ index: "0" })), ended),
    "each event has an empty error": events({ ...calls(called()), error: null }, { ...ended, error: "" }),
    "blanks stand behind the word for the end": events(calls(called()), ended, "[DONE] "),
    "the last event lacks its blank line": `data: ${JSON.stringify({
      choices: [{ index: 0, message: { tool_calls: [called()] }, finish_reason: "tool_calls" }],
    })}\n`,
    "events are separated by line ends alone": [calls(called()), ended]
      .map((event) => `data: ${JSON.stringify(event)}\n`)
      .join(""),
    "events say nothing": events("null", "1", "[]", calls(called()), ended),
  },
  Claude: {
    "the input comes twice": events(
      ...[begun, block({ path: "a.ts" }), json({ type: "input_json_delta", partial_json: ARGUMENTS })],
      ...[closed, because, over],
    ),
    "the input is an object in a piece": events(
      ...[begun, block({}), json({ type: "input_json_delta", partial_json: { path: "a.ts" } })],
      ...[closed, because, over],
    ),
    "a piece has no type": events(
      ...[begun, block({}), json({ partial_json: ARGUMENTS }), closed, because, over],
    ),
    "the last word is missing": events(begun, block({ path: "a.ts" }), closed, because),
    "the reason to stop is missing": events(
      ...[begun, block({ path: "a.ts" }), closed, { type: "message_delta", usage: null }, over],
    ),
    "the type is the name of the event alone": [begun, block({ path: "a.ts" }), closed, because, over]
      .map(({ type, ...data }) => `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`)
      .join(""),
    "the message is in a list": JSON.stringify([
      { type: "message", content: [block({ path: "a.ts" }).content_block], stop_reason: "tool_use" },
    ]),
  },
  Gemini: {
    "no blank stands behind the field's name": `data:${JSON.stringify(piece([{ functionCall }]))}\r\n\r\n`,
    "comments, names and ids stand between": `: wait\n\nevent: message\nid: 3\n${events(piece([{ functionCall }]))}`,
    "it ends as OpenAI's do": events(piece([{ functionCall }]), "[DONE]"),
    "events say nothing": events("", "null", piece([{ functionCall }])),
    "lists are their only entry": events({
      candidates: { content: { parts: { functionCall } }, finishReason: "STOP" },
    }),
    "a part is null": events(piece([null, { functionCall }])),
    "arguments have the usual name": events(
      piece([{ functionCall: { name: "read_file", arguments: { path: "a.ts" } } }]),
    ),
    "fields are in snake case": events({
      candidates: [{ content: { parts: [{ function_call: functionCall }] }, finish_reason: "STOP" }],
      usage_metadata: { prompt_token_count: 4, candidates_token_count: 2 },
    }),
    "the reason to stop is a number": events(piece([{ functionCall }], 1)),
    "the reason to stop is missing": events(piece([{ functionCall }], null)),
    "each piece is wrapped": events({ response: piece([{ functionCall }]) }),
  },
  Ollama: {
    "the end is a number": lines(toolCalls(native), { ...done, done: 1 }),
    "the end has a reason alone": lines(toolCalls(native), { ...done, done: null }),
    "the calls are one object": lines(said({ tool_calls: native }), done),
    "entries of the calls are null": lines(toolCalls(null, { function: null }, native), done),
    "name and arguments are beside the function": lines(toolCalls(native.function), done),
    "arguments are in a list": lines(
      toolCalls({ function: { name: "read_file", arguments: [{ path: "a.ts" }] } }),
      done,
    ),
    "arguments have another name": lines(
      toolCalls({ function: { name: "read_file", parameters: { path: "a.ts" } } }),
      done,
    ),
    "it comes as events": events(toolCalls(native), done, "[DONE]"),
    "it is one document on many lines": JSON.stringify({ ...toolCalls(native), done: true }, null, 2),
    "it is a list": JSON.stringify([toolCalls(native), done]),
    "lines say nothing": `null\n1\n${lines(toolCalls(native), done)}`,
    "each line has an empty error": lines({ ...toolCalls(native), error: null }, { ...done, error: "" }),
    "Llama writes a function with JSON": writes(`<function=read_file>${ARGUMENTS}</function>`),
    "the call is written in the services' own form": writes(
      JSON.stringify({ type: "function", function: { name: "read_file", arguments: ARGUMENTS } }),
    ),
    "a list of calls is written": writes(`[{"name":"read_file","arguments":${ARGUMENTS}}]`),
    "a list of calls is written in a fence": writes(
      `\`\`\`json\n[{"name":"read_file","arguments":${ARGUMENTS}}]\n\`\`\``,
    ),
    "DeepSeek writes the call": writes(
      `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>read_file\n\`\`\`json\n${ARGUMENTS}\n\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
    ),
    "Kimi writes the call": writes(
      `<|tool_calls_section_begin|><|tool_call_begin|>functions.read_file:0<|tool_call_argument_begin|>${ARGUMENTS}<|tool_call_end|><|tool_calls_section_end|>`,
    ),
    "GLM writes the call": writes(
      "<tool_call>read_file\n<arg_key>path</arg_key>\n<arg_value>a.ts</arg_value>\n</tool_call>",
    ),
    "Granite writes the call": writes(`<|tool_call|>[{"name":"read_file","arguments":${ARGUMENTS}}]`),
    "gpt-oss writes the call": writes(
      `<|channel|>commentary to=functions.read_file <|constrain|>json<|message|>${ARGUMENTS}<|call|>`,
    ),
    "MiniMax writes the call": writes(
      '<minimax:tool_call>\n<invoke name="read_file">\n<parameter name="path">a.ts</parameter>\n</invoke>\n</minimax:tool_call>',
    ),
    "a name has its template's prefix": writes(
      `<tool_call>{"name":"functions.read_file","arguments":${ARGUMENTS}}</tool_call>`,
    ),
  },
};

const draft = `<tool_call>{"name":"read_file","arguments":${ARGUMENTS}}</tool_call>`;
/** In none of these is a call made. */
const thoughts: Readonly<Record<string, string>> = {
  "capital letters": `<THINK>${draft}</THINK>Fine.`,
  "a blank in the tags": `<think >${draft}</think >Fine.`,
  "only the end is marked": `${draft}\n</think>\n\nFine.`,
  "a thought in a thought": `<think>a <think>${draft}</think> ${draft}</think>Fine.`,
  "a scratchpad": `<scratchpad>${draft}</scratchpad>Fine.`,
  "Granite's marks": `<|begin_of_thought|>${draft}<|end_of_thought|>Fine.`,
};

const tooLong = "This model's maximum context length is 4096 tokens, however you requested 9000";
/** Errors as an event of an answer; the code of the error that each ends as. */
const errors: readonly [string, string, string, string][] = [
  [
    "HuggingFace",
    "the conversation is too long",
    events({ error: { message: tooLong } }),
    "context_too_long",
  ],
  ["Gemini", "the quota is used up", events({ error: { code: 402, message: "pay" } }), "provider_quota"],
  [
    ...(["Claude", "the key is not valid"] as const),
    events({ type: "error", error: { type: "authentication_error", message: "invalid x-api-key" } }),
    "credential_rejected",
  ],
  ["Ollama", "the conversation is too long", lines({ error: tooLong }), "context_too_long"],
  ["Ollama", "the runner crashed", lines({ error: "the runner crashed" }), "provider_failed"],
];

const provider = (name: string, url: string): AIProvider => {
  if (name === "Claude") return { Claude: { model: "claude-sonnet-4-5", max_tokens: 4096 } };
  if (name === "Gemini") return { Gemini: { model: "gemini-3.8-flash", max_tokens: 4096 } };
  if (name === "Ollama") return { Ollama: { model: "own", endpoint: url } };
  return { HuggingFace: { model: "own/model", api_key: "secret:huggingface" } };
};

const readCalls = ({ content }: AssistantMessage) =>
  content.flatMap((part) =>
    part.type === "tool_call" ? [{ tool: part.tool, given: part.arguments, invalid: part.invalid }] : [],
  );

describe("a sound answer", () => {
  const servers: Awaited<ReturnType<typeof listen>>[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

  const asking = async (name: string, body: Bodies) => {
    const bodies = typeof body === "string" ? [body] : [...body];
    let requests = 0;
    const server = await listen((request, response) => {
      request.resume();
      const type = name === "Ollama" ? "application/x-ndjson" : "text/event-stream";
      response.writeHead(200, { "content-type": type });
      response.end(bodies[Math.min(requests++, bodies.length - 1)]);
      return Promise.resolve();
    });
    servers.push(server);
    const { gateway } = gatewayWith({ endpoints: allAt(server.url), clock: quickClock() });
    const charge = chargeTo(agentWith(provider(name, server.url), { max_retries: 0 }));
    return ask(gateway, question("Look.", { tools: [readFileTool] }), charge);
  };

  for (const [name, forms] of Object.entries(oneCall))
    for (const [form, body] of Object.entries(forms))
      it(`of ${name} is read where ${form}`, async () => {
        const { answer } = await asking(name, body);
        assert.deepEqual(readCalls(answer.message), [
          { tool: "read_file", given: { path: "a.ts" }, invalid: null },
        ]);
      });

  it("has two calls where a service gives both the same id", async () => {
    const { answer } = await asking(
      "HuggingFace",
      events(
        calls(called({ index: null })),
        calls(called({ index: null, function: { name: "read_file", arguments: '{"path":"b.ts"}' } })),
        ended,
      ),
    );
    assert.deepEqual(
      readCalls(answer.message).map(({ given }) => given),
      [{ path: "a.ts" }, { path: "b.ts" }],
    );
  });

  it("is counted with what it thought where a service counts that apart", async () => {
    const usage = {
      ...{ prompt_tokens: 5, completion_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 99 },
    };
    const { answer } = await asking("HuggingFace", events(calls(called()), ended, { choices: [], usage }));
    assert.deepEqual([answer.usage.output, answer.usage.reasoning], [103, 99]);
  });

  for (const [marks, text] of Object.entries(thoughts))
    it(`makes no call that is part of a thought: ${marks}`, async () => {
      const { answer } = await asking("Ollama", writes(text));
      assert.deepEqual(readCalls(answer.message), []);
    });

  for (const [name, what, body, code] of errors)
    it(`of ${name} is none where an event says that ${what}`, async () => {
      assert.equal((await failureOf(asking(name, body))).code, code);
    });
});
