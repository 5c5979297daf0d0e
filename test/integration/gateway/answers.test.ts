import assert from "node:assert/strict";
import type { AssistantMessage, Message, TokenUsage } from "../../../schemas/messages.ts";
import { protocols } from "../../model-protocols.ts";
import { startModelServer, type ModelServer, type Script } from "../../model-servers.ts";
import {
  agentWith,
  allAt,
  ask,
  chargeTo,
  gatewayWith,
  question,
  readFileTool,
  shownText,
} from "../../support/gateway.ts";

const user = (text: string): Message => ({ role: "user", content: [{ type: "text", text }] });
const callsIn = (message: AssistantMessage) =>
  message.content.flatMap((part) => (part.type === "tool_call" ? [part] : []));
const withTools = { tools: [readFileTool] };

/** One cut from the journal: what the second request carried of the first answer and its result. */
const carried = (body: unknown): string => JSON.stringify(body);

for (const protocol of protocols) {
  describe(`answers of ${protocol.name}`, () => {
    let server: ModelServer;
    afterEach(() => server.close());
    const start = async (script: Script, model?: string) => {
      server = await startModelServer(script);
      const endpoints = allAt(server.url);
      const { gateway, ledger } = gatewayWith({ endpoints });
      return { gateway, ledger, charge: chargeTo(agentWith(protocol.provider(server.url, model))) };
    };

    it("streams text as it comes", async () => {
      const text = "Grüße an die ganze Welt, in mehr als einem Stück 👋";
      const { gateway, charge } = await start({ Coder: [{ text }] });
      const { answer, signals } = await ask(gateway, question("Hello"), charge);
      assert.deepEqual(answer.message.content, [{ type: "text", text }]);
      assert.equal(answer.stop_reason, "end");
      assert.equal(shownText(signals), text);
      assert.ok(signals.length > 1, "in pieces");
      assert.equal(answer.provider, protocol.name);
      assert.equal(answer.cached, false);
    });

    it("calls a tool", async () => {
      const calls = [
        { tool: "read_file", arguments: { path: "src/ä b.ts", lines: [1, 2], deep: { a: null } } },
      ];
      const { gateway, charge } = await start({ Coder: [{ text: "I read it.", calls }] });
      const { answer } = await ask(gateway, question("Read", withTools), charge);
      assert.equal(answer.stop_reason, "tool_calls");
      assert.deepEqual(
        callsIn(answer.message).map((call) => ({ tool: call.tool, arguments: call.arguments })),
        calls,
      );
    });

    it("calls tools side by side, each with an id of its own", async () => {
      const calls = ["a.ts", "b.ts", "c.ts"].map((path) => ({ tool: "read_file", arguments: { path } }));
      const { gateway, charge } = await start({ Coder: [{ calls }] });
      const { answer } = await ask(gateway, question("Read", withTools), charge);
      const read = callsIn(answer.message);
      assert.deepEqual(
        read.map(({ tool, arguments: given }) => ({ tool, arguments: given })),
        calls,
      );
      assert.equal(new Set(read.map(({ call_id }) => call_id)).size, 3);
      assert.ok(read.every(({ invalid }) => invalid === null));
    });

    it("carries calls and their results on to the next turn", async () => {
      const { gateway, charge } = await start({
        Coder: [{ calls: [{ tool: "read_file", arguments: { path: "a.ts" } }] }, { text: "Done." }],
      });
      const first = await ask(gateway, question("Read", withTools), charge);
      const [call] = callsIn(first.answer.message);
      assert.ok(call !== undefined);
      const result = {
        type: "tool_result" as const,
        call_id: call.call_id,
        tool: call.tool,
        content: "the text of a.ts",
        is_error: false,
      };
      const messages = [user("Read"), first.answer.message, { role: "user" as const, content: [result] }];
      const second = await ask(gateway, question("", { ...withTools, messages }), charge);
      assert.equal(shownText(second.signals), "Done.");
      const sent = carried(server.requests[1]?.body);
      assert.match(sent, /a\.ts/);
      assert.match(sent, /the text of a\.ts/);
      assert.match(sent, /read_file/);
    });

    it("sends a picture", async () => {
      const { gateway, charge } = await start({ Coder: [{ text: "A dot." }] }, "seeing");
      const data = Buffer.from("not really a picture").toString("base64");
      const image = { type: "image" as const, mime_type: "image/png", data };
      const messages: Message[] = [{ role: "user", content: [{ type: "text", text: "Look" }, image] }];
      await ask(gateway, question("", { messages }), charge);
      assert.ok(carried(server.requests[0]?.body).includes(data));
    });

    it("describes a picture to a model that cannot see, from the first refusal on", async () => {
      const refusal = { status: 400, body: protocol.error(400, "scripted does not support image input") };
      const { gateway, charge } = await start(
        { Coder: [refusal, { text: "Oh." }, { text: "Oh." }] },
        "seeing",
      );
      const image = { type: "image" as const, mime_type: "image/png", data: "AAAA" };
      const messages: Message[] = [{ role: "user", content: [{ type: "text", text: "Look" }, image] }];
      for (let time = 0; time < 2; time++) await ask(gateway, question("", { messages }), charge);
      const sent = server.requests.map(({ body }) => carried(body));
      assert.deepEqual(
        sent.map((body) => body.includes("AAAA")),
        [true, false, false],
      );
      assert.match(sent[1] ?? "", /a picture of type image\/png, which you cannot see/);
    });

    it("counts each kind of token once, and records it", async () => {
      const usage = {
        input: 100,
        output: 40,
        ...(protocol.name !== "Ollama" && { cache_read: 900, reasoning: 15 }),
        ...(protocol.name === "Claude" && { cache_write: 70, cache_write_1h: 30 }),
      };
      const { gateway, ledger, charge } = await start({ Coder: [{ text: "Hi", usage }] });
      const { answer } = await ask(gateway, question("Hello"), charge);
      const expected: TokenUsage = {
        input: 100,
        cache_read: protocol.name === "Ollama" ? 0 : 900,
        cache_write_5m: protocol.name === "Claude" ? 70 : 0,
        cache_write_1h: protocol.name === "Claude" ? 30 : 0,
        output: 40,
        reasoning: protocol.name === "Ollama" ? 0 : 15,
      };
      assert.deepEqual(answer.usage, expected);
      assert.deepEqual(
        ledger.entries.map((entry) => entry.usage),
        [expected],
      );
    });

    it("keeps what the model thought apart from what it says", async () => {
      const { gateway, charge } = await start({ Coder: [{ reasoning: "Let me see.", text: "Yes." }] });
      const { answer, signals } = await ask(gateway, question("Hello"), charge);
      const [thought, said] = answer.message.content;
      assert.equal(thought?.type, "reasoning");
      assert.equal(thought.text, "Let me see.");
      assert.deepEqual(said, { type: "text", text: "Yes." });
      assert.equal(shownText(signals), "Yes.");
    });

    it("tells an answer that was cut at its most tokens", async () => {
      const { gateway, charge } = await start({ Coder: [{ text: "And then", stop: "length" }] });
      const { answer } = await ask(gateway, question("Hello"), charge);
      assert.equal(answer.stop_reason, "length");
    });

    it("never runs a call that was cut at the most tokens", async () => {
      const calls = [{ tool: "write_file", arguments: {} }];
      const { gateway, charge } = await start({ Coder: [{ calls, stop: "length" }] });
      const { answer } = await ask(gateway, question("Write", withTools), charge);
      assert.equal(answer.stop_reason, "length");
      assert.match(callsIn(answer.message)[0]?.invalid ?? "", /in the middle of this call/);
    });

    if (protocol.name !== "Ollama") {
      it("tells what the provider blocked from what the model declined", async () => {
        const { gateway, charge } = await start({ Coder: [{ text: "No.", stop: "safety" }] });
        const { answer } = await ask(gateway, question("Hello"), charge);
        assert.equal(answer.stop_reason, protocol.name === "Claude" ? "refusal" : "safety");
      });
    }

    if (protocol.name === "Claude" || protocol.name === "HuggingFace") {
      it("says why arguments cannot be read, and keeps them", async () => {
        const raw = '{"path": "a.ts", "content": "half a';
        const calls = [{ tool: "write_file", arguments: {} }];
        const { gateway, charge } = await start({ Coder: [{ calls, rawArguments: raw }] });
        const { answer } = await ask(gateway, question("Write", withTools), charge);
        const [call] = callsIn(answer.message);
        assert.equal(call?.arguments, raw);
        assert.match(call.invalid ?? "", /not JSON/);
      });
    }

    it("asks again when the answer is empty", async () => {
      const { gateway, charge } = await start({ Coder: [{}, { text: "Here." }] });
      const { answer } = await ask(gateway, question("Hello"), charge);
      assert.deepEqual(answer.message.content, [{ type: "text", text: "Here." }]);
    });

    it("reads a call that the model wrote as text", async () => {
      const text = 'I look.\n```json\n{"name": "read_file", "arguments": {"path": "a.ts"}}\n```';
      const { gateway, charge } = await start({ Coder: [{ text }] });
      const { answer } = await ask(gateway, question("Read", withTools), charge);
      assert.equal(answer.stop_reason, "tool_calls");
      assert.deepEqual(callsIn(answer.message)[0]?.arguments, { path: "a.ts" });
    });

    it("asks without a temperature where the model refuses one, and keeps that in mind", async () => {
      const message = "`temperature` is deprecated for this model.";
      const refusal = { status: 400, body: protocol.error(400, message) };
      const { gateway, charge } = await start({ Coder: [refusal, { text: "one" }, { text: "two" }] });
      await ask(gateway, question("Hello"), charge);
      assert.doesNotMatch(JSON.stringify(server.requests[1]?.body), /"temperature"/);
      await ask(gateway, question("Again"), charge);
      assert.equal(server.requests.length, 3, "it is known from then on");
    });

    it("puts the tools into the text for a model that has none of its own", async () => {
      const refusal = { status: 400, body: protocol.error(400, "scripted does not support tools") };
      const text = '```tool_call\n{"tool": "read_file", "arguments": {"path": "a.ts"}}\n```';
      const { gateway, charge } = await start({ Coder: [refusal, { text }, { text }] });
      const { answer } = await ask(gateway, question("Read", withTools), charge);
      assert.deepEqual(callsIn(answer.message)[0]?.arguments, { path: "a.ts" });
      assert.match(carried(server.requests[1]?.body), /To call a tool, write a block/);
      await ask(gateway, question("Read on", withTools), charge);
      assert.equal(server.requests.length, 3, "it is known from then on");
    });
  });
}
