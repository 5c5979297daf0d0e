import assert from "node:assert/strict";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { AIProvider } from "../../../schemas/agent.ts";
import type { AssistantMessage, Message } from "../../../schemas/messages.ts";
import { listen, readBody } from "../../model-servers.ts";
import {
  agentWith,
  allAt,
  ask,
  chargeTo,
  failureOf,
  gatewayWith,
  question,
  quickClock,
} from "../../support/gateway.ts";

/*
 * Forms in which compatible services give a sound answer, other than the official ones. Each of these
 * answers calls `look` at `a.js`, and is taken the first time.
 */

const given = { path: "a.js" };
const json = JSON.stringify(given);
const look = { name: "look", description: "Looks at a file.", schema: { type: "object" } };

interface Form {
  body: string | Buffer;
  headers?: Record<string, string>;
}

const sse = (events: readonly unknown[], line = "\n"): string =>
  events.map((event) => `data: ${JSON.stringify(event)}${line}${line}`).join("");
const done = "data: [DONE]\n\n";

const delta = (said: unknown, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta: said, finish_reason }],
});
const called = { index: 0, id: "c1", type: "function", function: { name: "look", arguments: json } };
const message = { role: "assistant", content: null, tool_calls: [called] };
const regular = [delta({ role: "assistant", content: "" }), delta({ tool_calls: [called] })];
const asText = (content: string): Form => ({ body: sse([delta({ content }), delta({}, "stop")]) + done });
const named = (name: string): Form => ({
  body:
    sse([delta({ tool_calls: [{ ...called, function: { name, arguments: json } }] }), delta({}, "stop")]) +
    done,
});

const huggingFace: Record<string, Form> = {
  "one JSON document": {
    body: JSON.stringify({ choices: [{ index: 0, message, finish_reason: "tool_calls" }] }),
    headers: { "content-type": "application/json" },
  },
  "events under another content type": {
    body: sse([...regular, delta({}, "tool_calls")]) + done,
    headers: { "content-type": "application/json" },
  },
  "a byte order mark and CRLF": { body: `\uFEFF${sse([...regular, delta({}, "tool_calls")], "\r\n")}` },
  "no reason to stop, but an end": { body: sse(regular) + done },
  "a message in place of pieces": {
    body: sse([{ choices: [{ index: 0, message, finish_reason: "tool_calls" }] }]) + done,
  },
  "one call that is in no list": {
    body: sse([delta({ tool_calls: called }), delta({}, "tool_calls")]) + done,
  },
  "a call in the form of before there were tools": {
    body:
      sse([delta({ function_call: { name: "look", arguments: json } }), delta({}, "function_call")]) + done,
  },
  "a last event without the line at its end": {
    body: `${sse(regular)}data: ${JSON.stringify(delta({}, "tool_calls"))}`,
  },
  "a second answer in front of the one that was asked for": {
    body: sse([
      { choices: [{ index: 1, delta: { content: "No." } }, ...delta({ tool_calls: [called] }).choices] },
      delta({}, "tool_calls"),
    ]),
  },
  "one event a line": {
    body: [...regular, delta({}, "tool_calls")].map((event) => `${JSON.stringify(event)}\n`).join(""),
  },
  "a list of events": { body: JSON.stringify([...regular, delta({}, "tool_calls")]) },
  "arguments in a fence": {
    body: sse([
      delta({
        tool_calls: [{ ...called, function: { name: "look", arguments: `\`\`\`json\n${json}\n\`\`\`` } }],
      }),
      delta({}, "tool_calls"),
    ]),
  },
  "a compressed stream": {
    body: gzipSync(sse([...regular, delta({}, "tool_calls")])),
    headers: { "content-encoding": "gzip" },
  },
  "a stream compressed with Zstandard": {
    body: zstdCompressSync(sse([...regular, delta({}, "tool_calls")])),
    headers: { "content-encoding": "zstd" },
  },
  "a stream compressed with deflate": {
    body: deflateSync(sse([...regular, delta({}, "tool_calls")])),
    headers: { "content-encoding": "deflate" },
  },
  "a stream compressed with deflate, without its head": {
    body: deflateRawSync(sse([...regular, delta({}, "tool_calls")])),
    headers: { "content-encoding": "deflate" },
  },
  "arguments with a comma behind the last": {
    body: sse([
      delta({
        tool_calls: [{ ...called, function: { name: "look", arguments: '{"path": "a.js" ,\n}' } }],
      }),
      delta({}, "tool_calls"),
    ]),
  },
  "a stream compressed with Brotli": {
    body: brotliCompressSync(sse([...regular, delta({}, "tool_calls")])),
    headers: { "content-encoding": "br" },
  },
  "a name with the prefix of a template": named("functions.look"),
  "a name with blanks": named(" look "),
  "a name with the rest of a template": named("look<|channel|>commentary"),
  "a name in capitals": named("Look"),
  "a call of Mistral's template": asText(`[TOOL_CALLS][{"name": "look", "arguments": ${json}}]`),
  "a call of Mistral's newer template": asText(`[TOOL_CALLS]look[ARGS]${json}`),
  "a call of Llama's template": asText(`<|python_tag|>{"name": "look", "parameters": ${json}}`),
  "a call of Llama 3.2's template": asText("[look(path='a.js')]"),
  "a call of Cohere's template": asText(
    `<|START_THINKING|>I look.<|END_THINKING|><|START_ACTION|>[{"tool_call_id": "0", "tool_name": "look", "parameters": ${json}}]<|END_ACTION|>`,
  ),
  "a call of Qwen3-Coder's template": asText(
    "I look first.\n<tool_call>\n<function=look>\n<parameter=path>\na.js\n</parameter>\n</function>\n</tool_call>",
  ),
};

const event = (type: string, more: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
const start = event("message_start", { message: { usage: { input_tokens: 9, output_tokens: 1 } } });
const block = { type: "tool_use", id: "c1", name: "look", input: {} };
const piece = event("content_block_delta", {
  index: 0,
  delta: { type: "input_json_delta", partial_json: json },
});
const tool = (opened: object): string =>
  event("content_block_start", { index: 0, content_block: opened }) + piece;
const close = event("content_block_stop", { index: 0 });
const end = (stop_reason: string | null): string =>
  event("message_delta", { delta: { stop_reason }, usage: { output_tokens: 5 } }) + event("message_stop");

const claude: Record<string, Form> = {
  "one JSON document": {
    body: JSON.stringify({ content: [{ ...block, input: given }], stop_reason: "tool_use", usage: null }),
    headers: { "content-type": "application/json" },
  },
  "events without names": {
    body: (start + tool(block) + close + end("tool_use")).replaceAll(/^event: .*\n/gm, ""),
  },
  "a start without a message": {
    body: event("message_start", { message: null }) + tool(block) + close + end("tool_use"),
  },
  "a call without an id": {
    body: start + tool({ ...block, id: undefined }) + close + end("tool_use"),
  },
  "a last block that is not closed": { body: start + tool(block) + end("tool_use") },
  "no reason to stop": { body: start + tool(block) + close + end(null) },
  "texts that are null": {
    body:
      start +
      event("content_block_start", { index: 1, content_block: { type: "text", text: null } }) +
      event("content_block_delta", { index: 1, delta: { type: "text_delta", text: null } }) +
      event("content_block_stop", { index: 1 }) +
      tool(block) +
      close +
      end("tool_use"),
  },
};

const candidate = (parts: unknown, more: object = {}) => ({
  candidates: [{ content: { role: "model", parts }, ...more }],
});
const functionCall = { functionCall: { name: "look", args: given } };
const stop = { finishReason: "STOP" };

const gemini: Record<string, Form> = {
  "a list of answers in one JSON document": {
    body: JSON.stringify([candidate([functionCall], stop)]),
    headers: { "content-type": "application/json" },
  },
  "arguments as text": {
    body: sse([candidate([{ functionCall: { name: "look", args: json } }], stop)]),
  },
  "pieces whose parts are null": { body: sse([candidate(null), candidate([functionCall], stop)]) },
  "pieces without candidates": { body: sse([{ candidates: null }, candidate([functionCall], stop)]) },
  "usage that is null": { body: sse([{ ...candidate([functionCall], stop), usageMetadata: null }]) },
};

const services: readonly [string, AIProvider, Record<string, Form>][] = [
  ["HuggingFace", { HuggingFace: { model: "own/model", api_key: "secret:huggingface" } }, huggingFace],
  ["Claude", { Claude: { model: "claude-sonnet-5-5", max_tokens: 8192 } }, claude],
  ["Gemini", { Gemini: { model: "gemini-3.8-flash", max_tokens: 8192 } }, gemini],
];

const callsOf = ({ content }: AssistantMessage) =>
  content.flatMap((part) =>
    part.type === "tool_call" ? [{ tool: part.tool, given: part.arguments, invalid: part.invalid }] : [],
  );

for (const [name, provider, forms] of services)
  describe(`an answer of a service that speaks as ${name}`, () => {
    for (const [what, { body, headers }] of Object.entries(forms))
      it(`may come as ${what}`, async () => {
        const server = await listen((_request, response) => {
          response.writeHead(200, { "content-type": "text/event-stream", ...headers });
          response.end(body);
          return Promise.resolve();
        });
        try {
          const { gateway } = gatewayWith({ endpoints: allAt(server.url), clock: quickClock() });
          const charge = chargeTo(agentWith(provider, { max_retries: 0 }));
          const { answer } = await ask(gateway, { ...question("Look at a.js"), tools: [look] }, charge);
          assert.deepEqual(callsOf(answer.message), [{ tool: "look", given, invalid: null }]);
          assert.equal(answer.stop_reason, "tool_calls");
        } finally {
          await server.close();
        }
      });
  });

/** Answers with these bodies, one after the other. */
const withBodies = async (
  bodies: readonly string[],
  use: (url: string) => Promise<void>,
): Promise<unknown[]> => {
  const asked: unknown[] = [];
  const server = await listen(async (request, response) => {
    asked.push(await readBody(request));
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(bodies[asked.length - 1]);
  });
  try {
    await use(server.url);
  } finally {
    await server.close();
  }
  return asked;
};

const user = (text: string): Message => ({ role: "user", content: [{ type: "text", text }] });

describe("what a service said", () => {
  it("has a unique ID for each call, even if each answer starts counting again", async () => {
    const body = sse([...regular, delta({}, "tool_calls")]) + done;
    await withBodies([body, body], async (url) => {
      const { gateway } = gatewayWith({ endpoints: allAt(url), clock: quickClock() });
      const charge = chargeTo(
        agentWith({ HuggingFace: { model: "own/model", api_key: "secret:huggingface" } }),
      );
      const messages: Message[] = [user("Look at a.js")];
      const ids: string[] = [];
      while (ids.length < 2) {
        const { answer } = await ask(gateway, { ...question(""), tools: [look], messages }, charge);
        messages.push(answer.message, user("Again"));
        ids.push(
          ...answer.message.content.flatMap((part) => (part.type === "tool_call" ? [part.call_id] : [])),
        );
      }
      assert.deepEqual(ids, ["c1", "c1_2"]);
    });
  });

  it("goes back to Gemini with the signature that came after a text", async () => {
    const signature = { text: "", thoughtSignature: "abc" };
    const pieces = [
      candidate([{ text: "I " }]),
      candidate([{ text: "know." }]),
      candidate([signature], stop),
    ];
    const asked = await withBodies([sse(pieces), sse([candidate([{ text: "Yes." }], stop)])], async (url) => {
      const { gateway } = gatewayWith({ endpoints: allAt(url), clock: quickClock() });
      const charge = chargeTo(agentWith({ Gemini: { model: "gemini-3.8-flash", max_tokens: 8192 } }));
      const first = await ask(gateway, question("Do you know?"), charge);
      const messages = [user("Do you know?"), first.answer.message, user("Sure?")];
      await ask(gateway, { ...question(""), messages }, charge);
    });
    const sent = JSON.stringify(asked[1]);
    assert.ok(sent.includes('{"text":"I know.","thoughtSignature":"abc"}'), sent);
  });

  it("counts as cut if it ends with an error, or with a value that means no reason", async () => {
    const cut = [
      [sse([delta({ content: "Half" }), delta({}, "error")]) + done, "HuggingFace"],
      [sse([candidate([{ text: "Half" }], { finishReason: "FINISH_REASON_UNSPECIFIED" })]), "Gemini"],
    ] as const;
    for (const [body, name] of cut)
      await withBodies([body], async (url) => {
        const { gateway } = gatewayWith({ endpoints: allAt(url), clock: quickClock() });
        const provider = services.find(([service]) => service === name)?.[1];
        assert.ok(provider !== undefined);
        const charge = chargeTo(agentWith(provider, { max_retries: 0 }));
        assert.equal((await failureOf(ask(gateway, question("Go"), charge))).code, "provider_failed");
      });
  });
});

describe("an answer of a service that refuses", () => {
  it("is one that the model refused, with its words", async () => {
    const server = await listen((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(sse([delta({ refusal: "I cannot help with that." }), delta({}, "stop")]) + done);
      return Promise.resolve();
    });
    try {
      const { gateway } = gatewayWith({ endpoints: allAt(server.url), clock: quickClock() });
      const provider = { HuggingFace: { model: "own/model", api_key: "secret:huggingface" } };
      const { answer } = await ask(gateway, question("Do it"), chargeTo(agentWith(provider)));
      assert.equal(answer.stop_reason, "refusal");
      assert.deepEqual(answer.message.content, [{ type: "text", text: "I cannot help with that." }]);
    } finally {
      await server.close();
    }
  });

  it("gets the schemas of tools in Gemini's own dialect where it knows no other", async () => {
    const asked: unknown[] = [];
    const server = await listen(async (request, response) => {
      const { tools } = await readBody(request);
      const isKnown = !JSON.stringify(tools).includes("parametersJsonSchema");
      asked.push(tools);
      response.writeHead(isKnown ? 200 : 400, { "content-type": "application/json" });
      const message = `Unknown name "parametersJsonSchema" at 'tools[0].function_declarations[0]': Cannot find field.`;
      const content = { role: "model", parts: [{ text: "Hi" }] };
      response.end(
        JSON.stringify(
          isKnown
            ? { candidates: [{ content, finishReason: "STOP" }] }
            : { error: { code: 400, message, status: "INVALID_ARGUMENT" } },
        ),
      );
    });
    try {
      const { gateway } = gatewayWith({ endpoints: allAt(server.url), clock: quickClock() });
      const schema = { $schema: "x", type: "object", properties: { kind: { const: "a" } } };
      const tools = [{ name: "look", description: "Looks.", schema }];
      const provider = { Gemini: { model: "gemini-3.8-flash", max_tokens: 9000 } };
      const charge = chargeTo(agentWith(provider));
      const { answer } = await ask(gateway, { ...question("Look"), tools }, charge);
      assert.equal(answer.stop_reason, "end");
      const parameters = { type: "object", properties: { kind: { type: "string", enum: ["a"] } } };
      const declared = { name: "look", description: "Looks.", parameters };
      assert.deepEqual(asked.at(-1), [{ functionDeclarations: [declared] }]);
      assert.equal(asked.length, 2);
    } finally {
      await server.close();
    }
  });
});
