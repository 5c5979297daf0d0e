import assert from "node:assert/strict";
import { protocols } from "../../model-protocols.ts";
import { type Turn } from "../../model-servers.ts";
import { SECRET, ask, failureCase, failureOf, modelServers, question } from "../../support/gateway.ts";

for (const protocol of protocols) {
  describe(`refusals of ${protocol.name}`, () => {
    const start = failureCase(protocol, modelServers());

    for (const status of [408, 409, 429, 500, 502, 503, 529]) {
      it(`asks again after ${status}`, async () => {
        const { gateway, charge, clock, requests } = await start([{ status }, { text: "Here." }]);
        const { answer, signals } = await ask(gateway, question("Hello"), charge);
        assert.deepEqual(answer.message.content, [{ type: "text", text: "Here." }]);
        assert.equal(requests.length, 2);
        assert.equal(clock.waits.length, 1);
        const retry = signals.find(({ type }) => type === "retry");
        assert.match(retry?.type === "retry" ? retry.reason : "", new RegExp(String(status)));
      });
    }

    for (const [status, code] of [
      [400, "provider_refused"],
      [401, "credential_rejected"],
      [402, "provider_quota"],
      [403, "provider_refused"],
      [404, "model_not_found"],
      [413, "provider_refused"],
      [422, "provider_refused"],
    ] as const) {
      it(`does not ask again after ${status}`, async () => {
        const missing = status === 404 ? { body: '{"error":{"message":"The model does not exist."}}' } : {};
        const { gateway, ledger, charge, requests } = await start([
          { status, ...missing },
          { text: "Never." },
        ]);
        const error = await failureOf(ask(gateway, question("Hello"), charge));
        assert.equal(error.code, code);
        assert.ok(!JSON.stringify([error.message, error.data, error.stack]).includes(SECRET));
        assert.equal(requests.length, 1);
        assert.equal(ledger.entries.length, 0, "nothing was used");
      });
    }

    it("gives up after max_retries", async () => {
      const { gateway, charge, requests } = await start(Array<Turn>(5).fill({ status: 503 }), {
        max_retries: 2,
      });
      const error = await failureOf(ask(gateway, question("Hello"), charge));
      assert.equal(error.code, "provider_failed");
      assert.equal(error.retryable, true);
      assert.equal(requests.length, 3);
    });

    for (const [name, headers, expected] of [
      ["in seconds", { "retry-after": "7" }, 7000],
      ["as a date", { "retry-after": "Thu, 01 Jan 2026 12:00:09 GMT" }, 9000],
      ["in milliseconds", { "retry-after-ms": "250" }, 250],
      ["of an hour, cut", { "retry-after": "3600" }, 60_000],
    ] as const) {
      it(`waits as long as it is asked to: ${name}`, async () => {
        const { gateway, charge, clock } = await start([{ status: 429, headers }, { text: "Here." }]);
        await ask(gateway, question("Hello"), charge);
        assert.deepEqual(clock.waits, [expected]);
      });
    }

    if (protocol.name === "Gemini") {
      it("waits as long as it is asked to: in RetryInfo", async () => {
        const details = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "41.2s" }];
        const error = { code: 429, message: "Quota exceeded", status: "RESOURCE_EXHAUSTED", details };
        const body = JSON.stringify({ error });
        const { gateway, charge, clock } = await start([{ status: 429, body }, { text: "Here." }]);
        await ask(gateway, question("Hello"), charge);
        assert.deepEqual(clock.waits, [41_200]);
      });
    }

    it("does not ask again when the quota is used up", async () => {
      const body =
        protocol.name === "Gemini"
          ? JSON.stringify({
              error: {
                code: 429,
                message: "You exceeded your current quota",
                status: "RESOURCE_EXHAUSTED",
                details: [{ violations: [{ quotaId: "GenerateRequestsPerDayPerProjectPerModel" }] }],
              },
            })
          : protocol.error(429, "You have exceeded your monthly included credits: insufficient_quota");
      const { gateway, charge, requests } = await start([{ status: 429, body }, { text: "Never." }]);
      assert.equal((await failureOf(ask(gateway, question("Hello"), charge))).code, "provider_quota");
      assert.equal(requests.length, 1);
    });

    it("says that the conversation is too long", async () => {
      const body = protocol.error(400, "prompt is too long: 210000 tokens > 200000 maximum context length");
      const { gateway, charge } = await start([{ status: 400, body }]);
      const error = await failureOf(ask(gateway, question("Hello"), charge));
      assert.equal(error.code, "context_too_long");
      assert.deepEqual([error.data.tokens, error.data.window], [210_000, 200_000]);
    });
  });
}
