import assert from "node:assert/strict";
import { startModelServer, type ModelServer, type Script } from "../../model-servers.ts";
import { agentWith, ask, chargeTo, gatewayWith, question, readFileTool, shownText } from "./harness.ts";

for (const name of ["claude", "ollama"] as const) {
  describe(`answers of ${name}`, () => {
    let server: ModelServer;
    afterEach(() => server.close());
    const start = async (script: Script) => {
      server = await startModelServer(script);
      const { gateway, ledger } = gatewayWith({ endpoints: { Claude: server.url } });
      return { gateway, ledger, charge: chargeTo(agentWith(server[name]())) };
    };

    it("streams text and counts what was used", async () => {
      const usage = { input: 120, output: 30 };
      const { gateway, ledger, charge } = await start({
        Coder: [{ text: "Grüße an die ganze Welt 👋", usage }],
      });
      const { answer, signals } = await ask(gateway, question("Hello"), charge);
      assert.deepEqual(answer.message.content, [{ type: "text", text: "Grüße an die ganze Welt 👋" }]);
      assert.equal(shownText(signals), "Grüße an die ganze Welt 👋");
      assert.equal(answer.stop_reason, "end");
      assert.equal(answer.usage.input, 120);
      assert.equal(answer.usage.output, 30);
      assert.deepEqual(
        ledger.entries.map(({ usage: recorded }) => recorded),
        [answer.usage],
      );
    });

    it("calls tools side by side", async () => {
      const calls = [
        { tool: "read_file", arguments: { path: "a.ts" } },
        { tool: "read_file", arguments: { path: "b.ts" } },
      ];
      const { gateway, charge } = await start({ Coder: [{ calls }] });
      const { answer } = await ask(gateway, question("Read", { tools: [readFileTool] }), charge);
      assert.equal(answer.stop_reason, "tool_calls");
      const read = answer.message.content.flatMap((part) => (part.type === "tool_call" ? [part] : []));
      assert.deepEqual(
        read.map((call) => ({ tool: call.tool, arguments: call.arguments, invalid: call.invalid })),
        calls.map((call) => ({ ...call, invalid: null })),
      );
      assert.equal(new Set(read.map(({ call_id }) => call_id)).size, 2);
    });

    it("asks again after a stream that was cut, and joins nothing", async () => {
      const { gateway, ledger, charge } = await start({
        Coder: [
          {
            text: "The first half of an answer that is never given whole, because its connection breaks",
            cutAfter: 4,
          },
          { text: "The whole answer." },
        ],
      });
      const { answer, signals } = await ask(gateway, question("Hello"), charge);
      assert.deepEqual(answer.message.content, [{ type: "text", text: "The whole answer." }]);
      assert.equal(shownText(signals), "The whole answer.");
      assert.ok(signals.some(({ type }) => type === "withdrawn"));
      assert.equal(ledger.entries.length, 2, "the cut attempt is paid for too");
    });

    it("closes the connection when it is cancelled", async () => {
      const { gateway, charge } = await start({
        Coder: [
          {
            text: "Something long to say here, in more pieces than one or two, so that it can stop in between",
            stallAfter: 3,
          },
        ],
      });
      const controller = new AbortController();
      const asking = gateway.generate(question("Hello"), charge, {
        signal: controller.signal,
        tell: () => {
          controller.abort();
        },
      });
      await assert.rejects(asking, { code: "cancelled" });
      while (server.requests[0]?.aborted !== true) await new Promise(setImmediate);
    });
  });
}
