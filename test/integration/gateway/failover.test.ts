import assert from "node:assert/strict";
import type { Message } from "../../../schemas/messages.ts";
import {
  agentWith,
  ask,
  chargeTo,
  failureOf,
  gatewayWith,
  modelServers,
  question,
  quickClock,
} from "../../support/gateway.ts";

describe("the gateway in bad weather", () => {
  const serve = modelServers();

  describe("failover", () => {
    it("goes on with the next provider, tells it, and says who answered", async () => {
      const broken = await serve({ Coder: () => ({ status: 500 }) });
      const sound = await serve({ Coder: [{ text: "Here." }] });
      const { gateway } = gatewayWith({ endpoints: { Claude: broken.url }, clock: quickClock() });
      const agent = agentWith(broken.claude(), { failover: [sound.ollama("standby")], max_retries: 1 });
      const { answer, signals } = await ask(gateway, question("Hello"), chargeTo(agent));
      assert.deepEqual([answer.provider, answer.model], ["Ollama", "standby"]);
      assert.equal(answer.cost, 0);
      const last = signals.findLast(({ type }) => type === "retry");
      assert.ok(last?.type === "retry");
      assert.deepEqual([last.provider, last.model], ["Ollama", "standby"]);
      assert.match(last.reason, /Claude answered 500/);
    });

    for (const status of [401, 402, 403, 404]) {
      it(`goes on at once after ${status}`, async () => {
        const refusing = await serve({ Coder: () => ({ status }) });
        const sound = await serve({ Coder: [{ text: "Here." }] });
        const clock = quickClock();
        const { gateway } = gatewayWith({ endpoints: { Claude: refusing.url }, clock });
        const agent = agentWith(refusing.claude(), { failover: [sound.ollama()] });
        const { answer } = await ask(gateway, question("Hello"), chargeTo(agent));
        assert.equal(answer.provider, "Ollama");
        assert.deepEqual(clock.waits, []);
      });
    }

    it("does not pass a request on that is wrong in itself", async () => {
      const refusing = await serve({ Coder: () => ({ status: 400 }) });
      const other = await serve({ Coder: [{ text: "Never." }] });
      const { gateway } = gatewayWith({ endpoints: { Claude: refusing.url } });
      const agent = agentWith(refusing.claude(), { failover: [other.ollama()] });
      assert.equal(
        (await failureOf(ask(gateway, question("Hello"), chargeTo(agent)))).code,
        "provider_refused",
      );
      assert.equal(other.requests.length, 0);
    });

    it("fails with the first provider's error when none answers", async () => {
      const first = await serve({ Coder: () => ({ status: 401 }) });
      const second = await serve({ Coder: () => ({ status: 404 }) });
      const { gateway } = gatewayWith({ endpoints: { Claude: first.url } });
      const agent = agentWith(first.claude(), { failover: [second.ollama()] });
      assert.equal(
        (await failureOf(ask(gateway, question("Hello"), chargeTo(agent)))).code,
        "credential_rejected",
      );
    });

    it("does not give one provider's signed thoughts to another", async () => {
      const claude = await serve({ Coder: [{ reasoning: "Hm.", text: "A" }, { status: 401 }] });
      const other = await serve({ Coder: [{ text: "B" }] });
      const { gateway } = gatewayWith({ endpoints: { Claude: claude.url, Gemini: other.url } });
      const agent = agentWith(claude.claude(), { failover: [other.gemini()] });
      const first = await ask(gateway, question("Hello"), chargeTo(agent));
      const messages: Message[] = [
        ...question("Hello").messages,
        first.answer.message,
        ...question("Go on").messages,
      ];
      await ask(gateway, question("", { messages }), chargeTo(agent));
      assert.match(JSON.stringify(claude.requests[1]?.body), /"signature":"c2lnbmF0dXJl"/);
      assert.doesNotMatch(JSON.stringify(other.requests[0]?.body), /c2lnbmF0dXJl|Hm\./);
    });
  });

  describe("circuits", () => {
    it("leaves a failing provider alone, probes it once, and takes it back", async () => {
      let sick = true;
      const server = await serve({ Coder: () => (sick ? { status: 503 } : { text: "Well again." }) });
      const standby = await serve({ Coder: () => ({ text: "Standby." }) });
      const clock = quickClock();
      const { gateway } = gatewayWith({ endpoints: { Claude: server.url }, clock });
      const agent = agentWith(server.claude(), { failover: [standby.ollama()], max_retries: 0 });
      for (let call = 0; call < 8; call++) await ask(gateway, question("Hello"), chargeTo(agent));
      assert.equal(server.requests.length, 5, "after five outages it is not asked any more");
      await clock.wait(31_000);
      await ask(gateway, question("Hello"), chargeTo(agent));
      assert.equal(server.requests.length, 6, "one probe");
      await ask(gateway, question("Hello"), chargeTo(agent));
      assert.equal(server.requests.length, 6, "which failed");
      sick = false;
      await clock.wait(61_000);
      const { answer } = await ask(gateway, question("Hello"), chargeTo(agent));
      assert.deepEqual(answer.message.content, [{ type: "text", text: "Well again." }]);
    });

    it("does not open for calls that are limited", async () => {
      const server = await serve({ Coder: () => ({ status: 429 }) });
      const { gateway } = gatewayWith({ endpoints: { Claude: server.url }, clock: quickClock() });
      const charge = chargeTo(agentWith(server.claude(), { max_retries: 9 }));
      assert.equal((await failureOf(ask(gateway, question("Hello"), charge))).code, "provider_failed");
      assert.equal(server.requests.length, 10);
    });
  });

  describe("keys", () => {
    it("uses the new one first and moves on when one is not accepted", async () => {
      const server = await serve({
        Coder: ({ headers }) =>
          headers.authorization === "Bearer key-old" ? { text: "Hi" } : { status: 401 },
      });
      const credentials = { keys: () => Promise.resolve(["key-new", "key-old"]) };
      const { gateway } = gatewayWith({ endpoints: { Claude: server.url }, credentials });
      const charge = chargeTo(agentWith(server.claude()));
      await ask(gateway, question("Hello"), charge);
      await ask(gateway, question("Hello again"), charge);
      const used = server.requests.map(({ headers }) => headers.authorization);
      assert.deepEqual(
        used,
        ["Bearer key-new", "Bearer key-old", "Bearer key-old"],
        "a rejected key is not tried first again",
      );
    });

    it("sends nothing without a key, and says how to set one", async () => {
      const server = await serve({});
      const credentials = { keys: () => Promise.resolve([]) };
      const { gateway } = gatewayWith({ endpoints: { Claude: server.url }, credentials });
      const error = await failureOf(ask(gateway, question("Hello"), chargeTo(agentWith(server.claude()))));
      assert.equal(error.code, "credential_missing");
      assert.match(error.nextStep ?? "", /ANTHROPIC_API_KEY.*coditect credentials set claude/);
      assert.equal(server.requests.length, 0);
    });
  });

  describe("retries", () => {
    it("settles at once when it is cancelled while it waits", async () => {
      const server = await serve({ Coder: [{ status: 429, headers: { "retry-after": "50" } }] });
      const { gateway } = gatewayWith({ endpoints: { Claude: server.url } });
      const controller = new AbortController();
      const asking = gateway.generate(question("Hello"), chargeTo(agentWith(server.claude())), {
        signal: controller.signal,
        tell: ({ type }) => {
          if (type === "retry") controller.abort();
        },
      });
      assert.equal((await failureOf(asking)).code, "cancelled");
    });

    it("spreads calls over the minute where the user set a cap", async () => {
      const server = await serve({ Coder: () => ({ text: "Hi" }) });
      const clock = quickClock();
      const rates = { requests_per_minute: 2, tokens_per_minute: null };
      const { gateway } = gatewayWith({ rates, clock });
      const charge = chargeTo(agentWith(server.ollama()));
      for (let call = 0; call < 5; call++) await ask(gateway, question(`Hello ${call}`), charge);
      assert.deepEqual(clock.waits, [60_000, 60_000]);
    });

    it("refuses a call that alone is larger than the minute's cap", async () => {
      const server = await serve({});
      const rates = { requests_per_minute: null, tokens_per_minute: 500 };
      const { gateway } = gatewayWith({ rates });
      const error = await failureOf(ask(gateway, question("Hello"), chargeTo(agentWith(server.ollama()))));
      assert.equal(error.code, "rate_limited");
      assert.match(error.nextStep ?? "", /tokens_per_minute/);
    });
  });
});
