import assert from "node:assert/strict";
import { CoditectError } from "../../../schemas/errors.ts";
import {
  agentWith,
  ask,
  chargeTo,
  failureOf,
  gatewayWith,
  modelServers,
  noLimits,
  question,
} from "../../support/gateway.ts";

describe("the gateway's caps", () => {
  const serve = modelServers();

  describe("caps", () => {
    it("admits of 64 calls at once exactly the ten that fit", async () => {
      const server = await serve({
        Coder: () => ({ text: "Hi", usage: { input: 40, output: 10 }, delayMs: 20 }),
      });
      const { gateway, ledger } = gatewayWith();
      const request = question("Hello", { max_tokens: 100 });
      const needed = await failureOf(
        ask(gateway, request, chargeTo(agentWith(server.ollama()), { tokens_per_run: 1 })),
      ).then(({ data }) => Number.parseInt(String(data.needed), 10));
      const charge = chargeTo(agentWith(server.ollama()), { tokens_per_run: 10 * needed + needed - 1 });
      const asked = await Promise.allSettled(Array.from({ length: 64 }, () => ask(gateway, request, charge)));
      const refused = asked.flatMap((result) =>
        result.status === "rejected" ? [result.reason as unknown] : [],
      );
      assert.equal(asked.length - refused.length, 10);
      assert.ok(refused.every((error) => error instanceof CoditectError && error.code === "limit_reached"));
      assert.equal(server.requests.length, 10, "nothing else was sent");
      assert.equal(ledger.entries.length, 10);
    });

    it("gives back what a call did not need", async () => {
      const server = await serve({ Coder: () => ({ text: "Hi", usage: { input: 40, output: 10 } }) });
      const { gateway } = gatewayWith();
      const charge = chargeTo(agentWith(server.ollama()), { tokens_per_execution: 400 });
      const request = question("Hello", { max_tokens: 200 });
      for (let call = 0; call < 3; call++) await ask(gateway, request, charge);
      assert.equal(server.requests.length, 3);
    });

    it("gives everything back when a call fails", async () => {
      const server = await serve({ Coder: [{ status: 400 }, { text: "Hi" }] });
      const { gateway } = gatewayWith();
      const charge = chargeTo(agentWith(server.ollama()), { tokens_per_day: 400 });
      const request = question("Hello", { max_tokens: 200 });
      assert.equal((await failureOf(ask(gateway, request, charge))).code, "provider_refused");
      await ask(gateway, request, charge);
    });

    it("says which cap, its value, what is used and where to change it", async () => {
      const server = await serve({
        Coder: () => ({ text: "Hi", usage: { input: 300_000, output: 90_000 } }),
      });
      const { gateway } = gatewayWith({ endpoints: { Claude: server.url } });
      const charge = chargeTo(agentWith(server.claude()), { cost_per_run: 1.55 });
      const { answer } = await ask(gateway, question("Hello"), charge);
      assert.equal(answer.cost, 1.5, "300,000 at $2 and 90,000 at $10 per million");
      const error = await failureOf(ask(gateway, question("Hello", { max_tokens: 8192 }), charge));
      assert.equal(error.code, "limit_reached");
      assert.equal(error.data.limit, "cost_per_run");
      assert.equal(error.data.value, "$1.55");
      assert.equal(error.data.used, "$1.5000");
      assert.match(error.nextStep ?? "", /limits\.cost_per_run/);
      assert.equal(server.requests.length, 1, "the second was not sent");
    });

    it("holds an agent's own cap on what that agent uses, whatever the others do", async () => {
      const server = await serve({
        Coder: () => ({ text: "Hi", usage: { input: 400, output: 10 } }),
      });
      const { gateway } = gatewayWith();
      const limits = { ...noLimits, tokens_per_run: 900 };
      const capped = chargeTo(agentWith(server.ollama(), { limits }));
      const { task_id } = capped;
      const request = question("Hello", { max_tokens: 200 });
      // Of the same run and day, but of an agent without a cap.
      for (let call = 0; call < 3; call++)
        await ask(gateway, request, { ...chargeTo(agentWith(server.ollama())), task_id });
      for (let call = 0; call < 2; call++) await ask(gateway, request, capped);
      const error = await failureOf(ask(gateway, request, capped));
      assert.equal(error.code, "limit_reached");
      assert.equal(error.data.used, "820 tokens");
      assert.match(error.nextStep ?? "", /Increase the limits of Coder: tokens_per_run/);
    });

    it("holds a cap on cost for a model whose price is unknown, and calls its cost unknown", async () => {
      const server = await serve({ Coder: () => ({ text: "Hi", usage: { input: 90_000, output: 10_000 } }) });
      const { gateway, ledger } = gatewayWith({ endpoints: { Claude: server.url } });
      const charge = chargeTo(agentWith(server.claude("claude-of-tomorrow")), { cost_per_run: 0.95 });
      const { answer } = await ask(gateway, question("Hello"), charge);
      assert.equal(answer.cost, null);
      assert.equal(ledger.entries[0]?.cost_microcents, null);
      // 100,000 tokens at the documents' 0.9 cents per thousand are $0.90.
      assert.equal(
        (await failureOf(ask(gateway, question("Hello", { max_tokens: 8192 }), charge))).code,
        "limit_reached",
      );
    });

    it("counts a failed attempt's tokens before it asks again", async () => {
      const text = "An answer long enough to come in more than a few pieces before it is cut off there.";
      const server = await serve({ Coder: [{ text, cutAfter: 3, usage: { input: 5000 } }, { text }] });
      const { gateway } = gatewayWith({ endpoints: { Claude: server.url } });
      const charge = chargeTo(agentWith(server.claude()), { tokens_per_execution: 5200 });
      const error = await failureOf(ask(gateway, question("Hello", { max_tokens: 300 }), charge));
      assert.equal(error.code, "limit_reached");
      assert.equal(server.requests.length, 1);
    });
  });
});
