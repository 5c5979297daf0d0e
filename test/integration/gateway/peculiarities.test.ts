import assert from "node:assert/strict";
import { mock } from "node:test";
import type { AIProvider } from "../../../schemas/agent.ts";
import {
  agentWith,
  ask,
  chargeTo,
  failureOf,
  gatewayWith,
  modelServers,
  question,
} from "../../support/gateway.ts";

describe("what is peculiar to a provider", () => {
  const serve = modelServers();

  describe("Ollama", () => {
    it("asks for a window that holds the conversation", async () => {
      const server = await serve({ Coder: () => ({ text: "Hi" }) });
      const { gateway } = gatewayWith();
      const charge = chargeTo(agentWith(server.ollama("qwen2.5-coder:7b")));
      await ask(gateway, question("Hello"), charge);
      await ask(gateway, question("x".repeat(40_000)), charge);
      const windows = server.requests.map(({ body }) => JSON.stringify(body.options));
      assert.match(windows[0] ?? "", /"num_ctx":8192/);
      assert.match(windows[1] ?? "", /"num_ctx":16384/);
    });

    it("says when the beginning of the conversation was dropped without a word", async () => {
      const server = await serve({ Coder: [{ text: "Hm?", usage: { input: 2051, output: 3 } }] });
      const { gateway } = gatewayWith();
      const charge = chargeTo(agentWith(server.ollama()));
      const error = await failureOf(ask(gateway, question("lorem ipsum dolor ".repeat(3500)), charge));
      assert.equal(error.code, "context_too_long");
      assert.match(error.message, /2051 tokens were read/);
    });

    for (const input of [10, 900])
      it(`takes a count of ${input} tokens for what was not in the server's cache`, async () => {
        const server = await serve({ Coder: [{ text: "Yes.", usage: { input, output: 3 } }] });
        const { gateway } = gatewayWith();
        const long = "lorem ipsum dolor ".repeat(3500);
        const request = question(long);
        const messages = [
          ...request.messages,
          { role: "assistant" as const, content: [{ type: "text" as const, text: "Go on." }] },
          { role: "user" as const, content: [{ type: "text" as const, text: long.slice(0, 2000) }] },
        ];
        const { answer } = await ask(gateway, { ...request, messages }, chargeTo(agentWith(server.ollama())));
        assert.deepEqual(answer.message.content, [{ type: "text", text: "Yes." }]);
      });

    it("names the command that pulls a model", async () => {
      const server = await serve({
        Coder: [{ status: 404, body: '{"error":"model \\"qwen9\\" not found"}' }],
      });
      const { gateway } = gatewayWith();
      const error = await failureOf(
        ask(gateway, question("Hello"), chargeTo(agentWith(server.ollama("qwen9")))),
      );
      assert.equal(error.code, "model_not_found");
      assert.match(error.nextStep ?? "", /ollama pull qwen9/);
    });
  });

  describe("Claude", () => {
    it("has nothing written to the console, where a command draws, for a model on its way out", async () => {
      const server = await serve({ Coder: () => ({ text: "Hi" }) });
      const { gateway } = gatewayWith({ endpoints: { Claude: server.url } });
      const warn = mock.method(console, "warn", () => undefined);
      await ask(gateway, question("Hello"), chargeTo(agentWith(server.claude("claude-sonnet-4-5"))));
      warn.mock.restore();
      assert.equal(warn.mock.callCount(), 0);
    });

    it("sends no temperature to models that refuse it", async () => {
      const server = await serve({ Coder: () => ({ text: "Hi" }) });
      const { gateway } = gatewayWith({ endpoints: { Claude: server.url } });
      const providers: AIProvider[] = [
        server.claude("claude-sonnet-5-5"),
        server.claude("claude-sonnet-4-5"),
      ];
      for (const provider of providers) await ask(gateway, question("Hello"), chargeTo(agentWith(provider)));
      assert.deepEqual(
        server.requests.map(({ body }) => body.temperature),
        [undefined, 0.2],
      );
    });
  });
});
