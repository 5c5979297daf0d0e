import { LLMock } from "@copilotkit/aimock";
import assert from "node:assert/strict";
import { protocols } from "../../model-protocols.ts";
import {
  agentWith,
  ask,
  chargeTo,
  gatewayWith,
  question,
  quickClock,
  readFileTool,
  shownText,
} from "../../support/gateway.ts";

/** The same cases against a model server that others wrote: our own could share our misreadings. */
describe("answers of a foreign model server", () => {
  let mock: LLMock;
  beforeEach(async () => {
    mock = new LLMock({ port: 0 });
    await mock.start();
  });
  afterEach(() => mock.stop());

  for (const protocol of protocols) {
    const setUp = () => {
      const huggingFace = `${mock.url}/v1`;
      const endpoints = { Claude: mock.url, Gemini: mock.url, HuggingFace: huggingFace };
      const { gateway, ledger } = gatewayWith({ endpoints, clock: quickClock() });
      return { gateway, ledger, charge: chargeTo(agentWith(protocol.provider(mock.url))) };
    };

    it(`streams the text of ${protocol.name}`, async () => {
      mock.onMessage("hello", { content: "Grüße aus der Ferne, in mehreren Stücken." });
      const { gateway, charge } = setUp();
      const { answer, signals } = await ask(gateway, question("hello"), charge);
      assert.deepEqual(answer.message.content, [
        { type: "text", text: "Grüße aus der Ferne, in mehreren Stücken." },
      ]);
      assert.equal(shownText(signals), "Grüße aus der Ferne, in mehreren Stücken.");
      assert.equal(answer.stop_reason, "end");
    });

    it(`reads the tool calls of ${protocol.name}, and carries their results on`, async () => {
      mock.on(
        { userMessage: "read", hasToolResult: false },
        {
          toolCalls: [
            { name: "read_file", arguments: '{"path":"a.ts"}' },
            { name: "read_file", arguments: '{"path":"b.ts"}' },
          ],
        },
      );
      mock.on({ hasToolResult: true }, { content: "Both are read." });
      const { gateway, charge } = setUp();
      const tools = { tools: [readFileTool] };
      const first = await ask(gateway, question("read", tools), charge);
      const calls = first.answer.message.content.flatMap((part) => (part.type === "tool_call" ? [part] : []));
      assert.deepEqual(
        calls.map((call) => call.arguments),
        [{ path: "a.ts" }, { path: "b.ts" }],
      );
      const results = calls.map(({ call_id, tool }) => ({
        type: "tool_result" as const,
        call_id,
        tool,
        content: "text",
        is_error: false,
      }));
      const messages = [
        ...question("read").messages,
        first.answer.message,
        { role: "user" as const, content: results },
      ];
      const second = await ask(gateway, question("", { ...tools, messages }), charge);
      assert.equal(shownText(second.signals), "Both are read.");
    });

    it(`asks ${protocol.name} again after a 429`, async () => {
      mock.onMessage("hello", { content: "Hi." });
      mock.nextRequestError(429, { message: "slow down", type: "rate_limit_error" });
      const { gateway, charge } = setUp();
      const { answer, signals } = await ask(gateway, question("hello"), charge);
      assert.deepEqual(answer.message.content, [{ type: "text", text: "Hi." }]);
      assert.ok(signals.some(({ type }) => type === "retry"));
    });
  }
});
