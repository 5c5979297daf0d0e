import assert from "node:assert/strict";
import fc from "fast-check";
import { fail } from "../../../schemas/errors.ts";
import { openCircuits } from "../../../server/gateway/circuits.ts";
import { allRates, keepRates } from "../../../server/gateway/rates.ts";
import { readErrorBody, retryDelay } from "../../../server/gateway/statuses.ts";
import { backOff } from "../../../server/gateway/waiting.ts";
import { rejectsWith } from "../../support/rejects.ts";

describe("back-off", () => {
  it("never waits longer than a minute, and spreads over all of its span", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (retry, chance) => {
          const wait = backOff(retry, null, () => chance);
          assert.ok(wait >= 0 && wait <= 60_000);
          assert.ok(wait <= 500 * 2 ** retry);
        },
      ),
    );
    assert.equal(
      backOff(1, null, () => 1),
      1000,
    );
    assert.equal(
      backOff(20, null, () => 1),
      60_000,
    );
  });

  it("waits as long as the provider asks, to the millisecond, up to a minute", () => {
    assert.equal(
      backOff(5, 1234.2, () => 0),
      1235,
    );
    assert.equal(
      backOff(1, 7_200_000, () => 0),
      60_000,
    );
  });
});

describe("what a provider asks to wait", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  for (const [name, headers, info, expected] of [
    ["seconds", { "retry-after": "3" }, null, 3000],
    ["parts of a second", { "retry-after": "0.5" }, null, 500],
    ["a date", { "retry-after": "Thu, 01 Jan 2026 00:00:30 GMT" }, null, 30_000],
    ["a date that has passed", { "retry-after": "Wed, 31 Dec 2025 00:00:30 GMT" }, null, 0],
    ["milliseconds before seconds", { "retry-after-ms": "20", "retry-after": "3" }, null, 20],
    ["Gemini's RetryInfo", {}, "41.2s", 41_200],
    ["the header before RetryInfo", { "retry-after": "1" }, "41s", 1000],
    ["nonsense", { "retry-after": "soon" }, "later", null],
    ["nothing", {}, null, null],
  ] as const) {
    it(`is read from ${name}`, () => {
      assert.equal(retryDelay(headers, info, now), expected);
    });
  }

  it("is found in the bodies of all providers, also in a list", () => {
    const details = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "7s" }];
    const error = { code: 429, message: "slow", status: "RESOURCE_EXHAUSTED", details };
    assert.equal(readErrorBody(JSON.stringify({ error })).retryDelay, "7s");
    assert.equal(readErrorBody(JSON.stringify([{ error }])).retryDelay, "7s");
    assert.equal(readErrorBody('{"error":"plain"}').message, "plain");
    assert.equal(readErrorBody("<html><body>Bad gateway</body></html>").message, "");
    assert.equal(readErrorBody("upstream connect error").message, "upstream connect error");
  });
});

const unreachable = {
  provider: "Ollama",
  endpoint: "http://127.0.0.1:1",
  reason: "refused",
  hint: "Start it.",
};

describe("circuits", () => {
  const outage = { outage: fail("provider_unreachable", unreachable) };
  const outcomes = { outage, healthy: "healthy", unknown: "unknown" } as const;
  type Command = keyof typeof outcomes | "later";
  it("let one probe through at a time, and close with the first healthy answer", () => {
    const command = fc.constantFrom<Command>("outage", "healthy", "unknown", "later");
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        let now = 0;
        const circuits = openCircuits(() => now);
        let outages = 0;
        for (const next of commands) {
          if (next === "later") {
            now += 400_000;
            continue;
          }
          const open = circuits.admit("a");
          if (open !== null) {
            assert.ok(open.waitMs > 0);
            assert.equal(open.cause, outage.outage, "what failed stays visible");
            assert.ok(outages >= 5, "it opens after five outages in a row");
            continue;
          }
          // Whoever comes while a probe is under way is sent off.
          if (outages >= 5) assert.notEqual(circuits.admit("a"), null);
          circuits.report("a", outcomes[next]);
          if (next === "outage") outages++;
          if (next === "healthy") outages = 0;
          if (next === "healthy") assert.equal(circuits.admit("a"), null);
        }
        assert.equal(circuits.admit("b"), null, "another circuit is its own");
      }),
    );
  });

  it("wait longer each time the probe fails, up to five minutes", () => {
    let now = 0;
    const circuits = openCircuits(() => now);
    for (let count = 0; count < 5; count++) circuits.report("a", outage);
    const pauses: number[] = [];
    for (let probe = 0; probe < 6; probe++) {
      const pause = circuits.admit("a")?.waitMs ?? 0;
      pauses.push(pause);
      now += pause;
      assert.equal(circuits.admit("a"), null);
      circuits.report("a", outage);
    }
    assert.deepEqual(pauses, [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
  });
});

describe("caps per minute", () => {
  it("hold in every span of 60 seconds, first come, first served", async () => {
    const calls = fc.array(fc.record({ gap: fc.nat(20_000), tokens: fc.integer({ min: 1, max: 100 }) }), {
      maxLength: 50,
    });
    await fc.assert(
      fc.asyncProperty(
        calls,
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 100, max: 400 }),
        async (asked, requests, tokens) => {
          let now = 1_000_000;
          const entered: { at: number; tokens: number }[] = [];
          const clock = {
            now: () => now,
            elapsed: () => now,
            wait: (ms: number) => {
              entered.push({ at: now + ms, tokens: -1 });
              return Promise.resolve();
            },
          };
          const rates = keepRates({ requests_per_minute: requests, tokens_per_minute: tokens }, clock);
          for (const call of asked) {
            now += call.gap;
            const before = entered.length;
            await rates.enter("Claude", call.tokens, {
              patienceMs: Infinity,
              signal: new AbortController().signal,
              onWait: () => undefined,
            });
            if (entered.length === before) entered.push({ at: now, tokens: call.tokens });
            else entered[before] = { at: entered[before]?.at ?? 0, tokens: call.tokens };
          }
          for (const [index, { at }] of entered.entries()) {
            const minute = entered.filter((other) => other.at > at - 60_000 && other.at <= at);
            assert.ok(minute.length <= requests);
            assert.ok(minute.reduce((sum, other) => sum + other.tokens, 0) <= tokens);
            assert.ok(at >= (entered[index - 1]?.at ?? 0));
          }
        },
      ),
    );
  });

  it("of a tenant apply to all of its workspaces together, and may change", async () => {
    const clock = { now: () => 0, elapsed: () => 0, wait: () => Promise.resolve() };
    const caps = { requests_per_minute: 2, tokens_per_minute: null };
    const ofTenant = keepRates(caps, clock);
    const workspace = () =>
      allRates([keepRates({ requests_per_minute: 5, tokens_per_minute: null }, clock), ofTenant], clock);
    const [a, b] = [workspace(), workspace()];
    const enter = (rates: typeof a) =>
      rates.enter("Claude", 1, {
        ...{ patienceMs: 0, signal: new AbortController().signal },
        onWait: () => assert.fail("it waits"),
      });
    await enter(a);
    await enter(b);
    await rejectsWith(enter(a), "rate_limited");
    await rejectsWith(enter(b), "rate_limited");
    caps.requests_per_minute = 3;
    await enter(b);
    await rejectsWith(enter(a), "rate_limited");
  });

  it("are held at the time of the call, also if it waits for its workspace first", async () => {
    let elapsed = 0;
    const clock = {
      now: () => elapsed,
      elapsed: () => elapsed,
      wait: (ms: number) => Promise.resolve(void (elapsed += ms)),
    };
    const sent: number[] = [];
    const caps = { requests_per_minute: 1, tokens_per_minute: null };
    const ofTenant = keepRates(caps, clock);
    const [a, b] = [allRates([keepRates(caps, clock), ofTenant], clock), allRates([ofTenant], clock)];
    const enter = async (rates: typeof a, patienceMs: number): Promise<void> => {
      await rates.enter("Claude", 1, {
        patienceMs,
        signal: new AbortController().signal,
        onWait: () => undefined,
      });
      sent.push(elapsed);
    };
    await enter(a, 0);
    await enter(a, 200_000);
    await enter(b, 200_000);
    assert.deepEqual(sent, [0, 60_000, 120_000]);
    // The wait for both together is no longer than the caller's patience.
    elapsed = 121_000;
    await rejectsWith(enter(a, 30_000), "rate_limited");
  });
});
