import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import type { AIProvider } from "../../../schemas/agent.ts";
import { noForecastSums } from "../../../schemas/metrics.ts";
import type { TeamRun } from "../../../schemas/run.ts";
import { estimate } from "../../../server/forecast/estimate.ts";
import { forecastRun } from "../../../server/forecast/forecast.ts";
import { addForecastSums, forecastQuality, forecastSumsOf } from "../../../server/metrics/forecasts.ts";
import { noUsage } from "../../../server/models/execution.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { anExecution, aRun, aTask } from "../../support/records.ts";

/** Numbers between 0 and 1 that are the same each time. */
const randomNumbers = (seed: number) => () => {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
};

describe("an estimate", () => {
  it("is between its ends, and in the units of its values", () => {
    const value = fc.double({ min: 0.001, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { maxLength: 20 }), value, value, (values, expected, factor) => {
        const one = estimate(values, { expected, spread: 1 });
        assert.ok(one.low <= one.expected && one.expected <= one.high);
        const other = estimate(
          values.map((each) => each * factor),
          { expected: expected * factor, spread: 1 },
        );
        for (const name of ["expected", "low", "high"] as const)
          assert.ok(Math.abs(Math.log(other[name] / (one[name] * factor))) < 1e-6);
      }),
    );
  });

  it("has four of five values in its span, however many it was drawn from", () => {
    const random = randomNumbers(7);
    const gauss = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
    for (const count of [1, 3, 10]) {
      let within = 0;
      for (let round = 0; round < 2000; round++) {
        const draw = () => Math.exp(10 + 0.6 * gauss());
        const { low, high } = estimate(Array.from({ length: count }, draw), { expected: 20_000, spread: 1 });
        const next = draw();
        if (next >= low && next <= high) within += 1;
      }
      assert.ok(within > 1500 && within < 1950, `${within} of 2000 from ${count}`);
    }
  });

  it("gets narrower with values that are alike", () => {
    const width = (count: number) => {
      const { low, high } = estimate(Array<number>(count).fill(1000), { expected: 500, spread: 1 });
      return high / low;
    };
    assert.ok(width(1) > width(3) && width(3) > width(10));
  });

  it("of what was always free is nothing", () => {
    assert.deepEqual(estimate([0, 0], { expected: 5, spread: 1 }), { expected: 0, low: 0, high: 0 });
  });
});

describe("the forecast of a run", () => {
  const claude: AIProvider = { Claude: { model: "claude-sonnet-5", max_tokens: 8192 } };
  const ollama: AIProvider = { Ollama: { model: "m", endpoint: "http://127.0.0.1:1" } };
  const question = {
    ...{ workflow: "tdd", stages: 5, providers: [ollama], promptTokens: 1000, contextTokens: 1000 },
  };

  /** A run of the rehearsal's model that took so many tokens and minutes. */
  const put = async (
    store: ReturnType<typeof memoryStore>,
    tokens: number,
    fields: Partial<TeamRun> = {},
  ) => {
    const task = aTask();
    const run = aRun(task.task_id, {
      status: "Succeeded",
      created_at: "2026-01-31T12:00:00.000Z",
      completed_at: "2026-01-31T12:01:00.000Z",
      usage: { ...noUsage(), input_tokens: tokens, cost: 0 },
      ...fields,
    });
    await store.commit((transaction) => {
      transaction.put("tasks", task);
      transaction.put("runs", run);
      transaction.put("executions", anExecution(task.task_id));
    });
  };

  it("without any earlier run comes from the stages, and spans more than a factor of ten", () => {
    const { runs, tokens, cost } = forecastRun(question, memoryStore());
    assert.equal(runs, 0);
    assert.ok(tokens.high / tokens.low > 10);
    assert.deepEqual(cost, { expected: 0, low: 0, high: 0 });
  });

  it("is near what runs like it took", async () => {
    const store = memoryStore();
    for (const tokens of [50_000, 60_000, 55_000]) await put(store, tokens);
    const { runs, tokens, seconds } = forecastRun(question, store);
    assert.equal(runs, 3);
    assert.ok(tokens.expected > 45_000 && tokens.expected < 65_000, String(tokens.expected));
    assert.ok(seconds.expected > 50 && seconds.expected < 75, String(seconds.expected));
  });

  it("grows with the prompt", async () => {
    const store = memoryStore();
    const past = forecastRun(question, store);
    await put(store, 50_000, { forecast: past });
    const near = forecastRun(question, store).tokens.expected;
    const twice = forecastRun({ ...question, promptTokens: 3000 }, store).tokens.expected;
    assert.ok(Math.abs(twice / near - 2) < 0.2, String(twice / near));
  });

  it("takes the tokens of other models' runs, and its own model's price", async () => {
    const store = memoryStore();
    await put(store, 50_000);
    const { cost, tokens } = forecastRun({ ...question, providers: [claude] }, store);
    assert.ok(tokens.expected > 40_000 && cost !== null && cost.expected > 0.05, JSON.stringify(cost));
    const unknown: AIProvider = { HuggingFace: { model: "nobody/knows", api_key: "secret:huggingface" } };
    assert.equal(forecastRun({ ...question, providers: [unknown] }, store).cost, null);
  });

  it("leaves out runs that were stopped, forked, or of another workflow", async () => {
    const store = memoryStore();
    await put(store, 1, { status: "Cancelled" });
    await put(store, 1, { status: "LimitReached" });
    await put(store, 1, { parent: { task_id: randomUUID(), stage: "implement" } });
    assert.equal(forecastRun(question, store).runs, 0);
    await put(store, 1);
    assert.equal(forecastRun({ ...question, workflow: "review" }, store).runs, 0);
  });

  it("is measured by what the run took", async () => {
    const store = memoryStore();
    const span = { expected: 100, low: 50, high: 200 };
    const forecast = { prompt_tokens: 1, runs: 1, tokens: span, cost: null, seconds: span };
    await put(store, 150, { forecast });
    await put(store, 400, { forecast });
    await put(store, 400);
    const sums = store.all("runs").map(forecastSumsOf).reduce(addForecastSums, noForecastSums);
    const { tokens, cost } = forecastQuality(sums);
    assert.deepEqual([tokens.runs, tokens.within], [2, 1]);
    assert.ok(Math.abs((tokens.median_factor ?? 0) / 1.5 - 1) < 0.1, String(tokens.median_factor));
    assert.deepEqual(cost, { runs: 0, within: 0, median_factor: null });
  });
});
