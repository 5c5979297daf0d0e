import assert from "node:assert/strict";
import fc from "fast-check";
import type { TokenUsage } from "../../../schemas/messages.ts";
import { MICROCENTS_PER_DOLLAR } from "../../../schemas/money.ts";
import { CoditectError } from "../../../schemas/errors.ts";
import { TenantUse } from "../../../server/gateway/tenant-use.ts";
import { keepCaps, strictest } from "../../../server/gateway/limits.ts";
import { costOf, priceOf } from "../../../server/gateway/prices.ts";
import { noUsage, totalTokens } from "../../../server/gateway/tokens.ts";
import { agentWith, chargeTo, memoryLedger } from "../../support/gateway.ts";

const at = Date.parse("2026-11-29");
const question = { promptTokens: 1000, at, centsPer1k: null };
const count = fc.nat(1_000_000);
const usages = fc.record({
  input: count,
  cache_read: count,
  cache_write_5m: count,
  cache_write_1h: count,
  output: count,
  reasoning: fc.constant(0),
});

describe("prices", () => {
  it("count each kind of token at its own price", () => {
    const price = priceOf({ ...question, provider: "Claude", model: "claude-sonnet-5-5" }, {});
    const million = 1_000_000;
    const cost = (usage: Partial<TokenUsage>) => (costOf({ ...noUsage, ...usage }, price) ?? 0) / 100_000_000;
    assert.equal(cost({ input: million }), 2);
    assert.equal(cost({ cache_read: million }), 0.1);
    assert.equal(cost({ cache_write_5m: million }), 2.5);
    assert.equal(cost({ cache_write_1h: million }), 4);
    assert.equal(cost({ output: million }), 10);
    assert.equal(cost({ output: million, reasoning: million }), 10, "reasoning is within output");
  });

  it("are unknown for an unknown model, and for one that only sounds like a known one", () => {
    for (const model of ["claude-next", "claude-opus-5-9", "claude-sonnet-5-5-turbo", "gpt-5"])
      assert.equal(priceOf({ ...question, provider: "Claude", model }, {}), null, model);
    assert.equal(costOf({ ...noUsage, input: 5 }, null), null);
  });

  it("hold for dated names of the same model", () => {
    const dated = priceOf({ ...question, provider: "Claude", model: "claude-haiku-4-5-20251001" }, {});
    assert.deepEqual(dated, priceOf({ ...question, provider: "Claude", model: "claude-haiku-4-5" }, {}));
  });

  it("rise for long prompts where the provider says so", () => {
    const of = (promptTokens: number) =>
      priceOf({ provider: "Gemini", model: "gemini-2.5-pro", promptTokens, at, centsPer1k: null }, {});
    assert.equal(of(200_000)?.input, 1.25);
    assert.equal(of(200_001)?.input, 2.5);
  });

  it("rose for long prompts of Claude until the day on which that ended", () => {
    const on = (day: string) =>
      priceOf(
        {
          provider: "Claude",
          model: "claude-opus-4-6",
          promptTokens: 300_000,
          at: Date.parse(day),
          centsPer1k: null,
        },
        {},
      )?.output;
    assert.equal(on("2026-03-12"), 37.5);
    assert.equal(on("2026-03-13"), 25);
  });

  it("change on the day that was announced", () => {
    const on = (day: string) =>
      priceOf({ ...question, provider: "Gemini", model: "gemini-3.8-flash", at: Date.parse(day) }, {})
        ?.output;
    assert.equal(on("2026-12-31T23:59:59Z"), 3.75);
    assert.equal(on("2027-01-01"), 7.5);
  });

  it("are unknown for a voice of a known model", () => {
    const voice = { ...question, provider: "Gemini" as const, model: "gemini-2.5-flash-preview-tts" };
    assert.equal(priceOf(voice, {}), null);
  });

  it("give way to the user's own, and are nothing for Ollama", () => {
    const asked = { ...question, provider: "Claude" as const, model: "claude-opus-5-5" };
    assert.equal(priceOf({ ...asked, centsPer1k: 0.5 }, {})?.output, 5);
    const own = { input: 1, cache_read: 1, cache_write_5m: 1, cache_write_1h: 1, output: 1 };
    assert.equal(priceOf(asked, { "claude-opus-5-5": own }), own);
    assert.equal(priceOf({ ...question, provider: "Ollama", model: "anything" }, {})?.output, 0);
  });

  it("give whole micro-cents that never understate", () => {
    const price = priceOf({ ...question, provider: "Gemini", model: "gemini-2.5-flash-lite" }, {});
    fc.assert(
      fc.property(usages, usages, (one, other) => {
        const sum = Object.fromEntries(
          Object.entries(one).map(([kind, tokens]) => [
            kind,
            tokens + (Object.entries(other).find(([name]) => name === kind)?.[1] ?? 0),
          ]),
        );
        const [a, b, both] = [one, other, { ...noUsage, ...sum }].map((usage) => costOf(usage, price) ?? 0);
        assert.ok(Number.isInteger(a) && Number.isInteger(b));
        assert.ok((a ?? 0) + (b ?? 0) >= (both ?? 0));
        assert.ok((a ?? 0) + (b ?? 0) <= (both ?? 0) + 1);
      }),
    );
  });
});

describe("caps", () => {
  const agent = agentWith({ Ollama: { model: "m", endpoint: "http://127.0.0.1:1" } });

  it("are the strictest of all that are set", () => {
    const some = { ...strictest(), tokens_per_run: 10, cost_per_day: 3 };
    const other = { ...strictest(), tokens_per_run: 5 };
    assert.deepEqual(strictest(some, null, other), { ...strictest(), tokens_per_run: 5, cost_per_day: 3 });
  });

  it("of a tenant's day apply to the sum of its workspaces, also of those that are closed", async () => {
    const day = "2026-01-01";
    const limits = { ...strictest(), tokens_per_day: 100, cost_per_day: 1 };
    const tenant = new TenantUse(() => limits);
    const workspace = (stateFolder: string) => keepCaps(memoryLedger(), { tenant, stateFolder });
    const [a, b] = [workspace("a"), workspace("b")];
    // The workspaces have no caps of their own.
    const reserve = (caps: typeof a, tokens: number, microcents = 0) =>
      caps.reserve(chargeTo(agent, {}), day, { tokens, microcents });
    const refused = (work: () => unknown, limit: string) => {
      assert.throws(work, (error) => {
        assert.ok(error instanceof CoditectError && error.code === "limit_reached");
        assert.deepEqual([error.data.limit, error.data.setting], [limit, `the tenant's limits.${limit}`]);
        return true;
      });
    };
    const held = reserve(a, 60);
    refused(() => reserve(b, 41), "tokens_per_day");
    await held.settle({ usage: { ...noUsage, input: 50 }, microcents: 0, assumedMicrocents: 0 });
    reserve(b, 50).release();
    refused(() => reserve(b, 1, 2 * MICROCENTS_PER_DOLLAR), "cost_per_day");
    tenant.leave("a", day);
    refused(() => reserve(b, 51), "tokens_per_day");
    assert.deepEqual(tenant.kept("a"), { day, amount: { tokens: 50, microcents: 0 } });
    tenant.recall("of an earlier server", { day, amount: { tokens: 30, microcents: 0 } });
    refused(() => reserve(b, 21), "tokens_per_day");
    reserve(b, 20).release();
    tenant.recall("of another day", { day: "2025-12-31", amount: { tokens: 99, microcents: 0 } });
    reserve(b, 20).release();
  });

  it("hold whatever calls begin, end and fail in whatever order", async () => {
    const step = fc.record({
      needed: fc.integer({ min: 1, max: 400 }),
      spent: fc.double({ min: 0, max: 1, noNaN: true }),
      ends: fc.constantFrom("settled", "released", "open"),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.integer({ min: 0, max: 2000 }),
        async (steps, cap) => {
          const ledger = memoryLedger();
          const caps = keepCaps(ledger);
          const charge = chargeTo(agent, { tokens_per_day: cap });
          let [held, used] = [0, 0];
          for (const { needed, spent, ends } of steps) {
            const fits = used + held + needed <= cap;
            try {
              const reservation = caps.reserve(charge, "2026-01-01", { tokens: needed, microcents: 0 });
              assert.ok(fits, "admitted beyond the cap");
              if (ends === "open") held += needed;
              else if (ends === "released") reservation.release();
              else {
                const usage = { ...noUsage, input: Math.floor(needed * spent) };
                await reservation.settle({ usage, microcents: 0, assumedMicrocents: 0 });
                used += totalTokens(usage);
              }
            } catch (error) {
              assert.ok(error instanceof CoditectError && error.code === "limit_reached", String(error));
              assert.ok(!fits, "refused within the cap");
            }
          }
          assert.equal(ledger.used({ day: "2026-01-01", agent_id: null }).tokens, used);
        },
      ),
    );
  });
});
