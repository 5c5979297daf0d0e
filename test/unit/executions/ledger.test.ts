import assert from "node:assert/strict";
import { createLedger, type Ledger } from "../../../server/executions/ledger.ts";
import { noUsage as nothingUsed } from "../../../server/models/execution.ts";
import { noUsage } from "../../../server/gateway/tokens.ts";
import { memoryStore } from "../../support/memory-store.ts";
import type { DailyUsage } from "../../../schemas/run.ts";
import type { Store } from "../../../server/store/store.ts";
import { anAgent, anExecution, NOW, TENANT } from "../../support/records.ts";

const day = "2026-01-31";
const agent = anAgent();
const execution = anExecution("00000000-0000-4000-8000-00000000000a");
const { execution_id, task_id } = execution;
const { agent_id } = agent;
/** All that a call counts in. */
const scopes = [
  { execution_id },
  ...[null, agent_id].flatMap((whose) => [
    { task_id, agent_id: whose },
    { day, agent_id: whose },
  ]),
];

const call = (cost_microcents: number | null) => ({
  execution_id,
  task_id,
  agent_id,
  day,
  usage: { ...noUsage, input: 900, output: 100 },
  cost_microcents,
  assumed_microcents: 500,
});

describe("the ledger", () => {
  it("sums what calls took by execution, run and day", async () => {
    const ledger = createLedger(memoryStore(TENANT));
    await ledger.record(call(30));
    await ledger.record(call(12));
    for (const scope of scopes) assert.deepEqual(ledger.used(scope), { tokens: 2000, cost_microcents: 42 });
  });

  it("knows what is one agent's from what is another's", async () => {
    const ledger = createLedger(memoryStore(TENANT));
    const other = "00000000-0000-4000-8000-00000000000b";
    await ledger.record(call(30));
    await ledger.record({ ...call(12), agent_id: other, execution_id: other });
    const costs = [agent_id, other, null].map((whose) => [
      ledger.used({ task_id, agent_id: whose }).cost_microcents,
      ledger.used({ day, agent_id: whose }).cost_microcents,
    ]);
    assert.deepEqual(costs, [
      [30, 30],
      [12, 12],
      [42, 42],
    ]);
  });

  it("counts calls of unknown price at what is assumed for them, and keeps them apart", async () => {
    const store = memoryStore(TENANT);
    const ledger = createLedger(store);
    await ledger.record(call(30));
    await ledger.record(call(null));
    for (const scope of scopes) assert.equal(ledger.used(scope).cost_microcents, 530);
    const today = createLedger(store).on(day);
    assert.deepEqual(
      [today.cost_microcents, today.assumed_microcents, today.api_calls, today.unpriced_calls],
      [30, 500, 2, 1],
    );
  });

  it("goes on counting an unknown cost after a restart", async () => {
    const store = memoryStore(TENANT);
    await createLedger(store).record(call(null));
    const metadata = { ...execution.metadata, agent_id: agent.agent_id };
    const resource_usage = { ...nothingUsed(), input_tokens: 900, output_tokens: 100, cost: null };
    await store.commit((transaction) => {
      transaction.put("agents", { ...agent, settings: { ...agent.settings, cost_per_1k_tokens: 0.9 } });
      transaction.put("executions", { ...execution, metadata, resource_usage });
    });
    const restarted = createLedger(store);
    // Of the day it is stored; of the execution it is 1000 tokens at 0.9 cents per thousand.
    for (const scope of scopes)
      assert.equal(restarted.used(scope).cost_microcents, "day" in scope ? 500 : 900_000);
  });

  it("reads a day that was stored before unknown prices were counted", async () => {
    const store = memoryStore(TENANT);
    const { tenant_id, tokens, api_calls } = createLedger(store).on(day);
    const older = { tenant_id, day, tokens, api_calls };
    await store.commit((transaction) => {
      transaction.put("dailyUsage", { ...older, cost_microcents: 7 } as DailyUsage); // As older versions did.
    });
    const ledger = createLedger(store);
    await ledger.record(call(1));
    assert.equal(ledger.used({ day, agent_id: null }).cost_microcents, 8);
    assert.equal(ledger.on(day).unpriced_calls, 0);
  });
});

describe("the ledger of an execution at work", () => {
  const atWork = { ...execution, status: "Running" as const, created_at: `${day}T10:00:00.000Z` };
  const metadata = { ...atWork.metadata, agent_id };
  const spent = (at: string, cost: number | null) => ({
    ...{ type: "spent" as const, at, turn: 1, provider: "Ollama" as const, model: "m", reason: "it was cut" },
    ...{ usage: call(0).usage, cost },
  });
  const prompt = { type: "prompt" as const, at: NOW, system: "", messages: [], tools: [] };
  const stored = async (): Promise<Store> => {
    const store = memoryStore(TENANT);
    await store.commit((transaction) => {
      transaction.put("executions", { ...atWork, metadata });
    });
    return store;
  };
  const end = (store: Store, ledger: Ledger) =>
    store.commit((transaction) => {
      transaction.put("executions", { ...atWork, metadata, status: "Completed" });
      ledger.settle(transaction, execution_id);
    });

  it("counts its calls at once, and stores them with its end, once", async () => {
    const store = await stored();
    const ledger = createLedger(store);
    await ledger.record(call(30));
    await ledger.record(call(null));
    const before = ledger.on(day);
    assert.deepEqual([before.tokens, before.cost_microcents, before.assumed_microcents], [2000, 30, 500]);
    assert.equal(store.get("dailyUsage", day), null);
    await end(store, ledger);
    assert.deepEqual(store.get("dailyUsage", day), before);
    assert.deepEqual(ledger.on(day), before);
    await end(store, ledger);
    assert.deepEqual(ledger.on(day), before);
  });

  it("counts a call that is told after the end", async () => {
    const store = await stored();
    const ledger = createLedger(store);
    await end(store, ledger);
    await ledger.record(call(30));
    assert.deepEqual([ledger.on(day).tokens, createLedger(store).on(day).tokens], [1000, 1000]);
  });

  it("finds in the transcript what a killed runtime paid, each day's on its day", async () => {
    const store = await stored();
    await store.transcripts.append(execution_id, [
      spent(`${day}T10:00:00.000Z`, 1), // Embeddings, stored when they were paid.
      prompt,
      spent(`${day}T23:59:59.000Z`, 0.000_000_3),
      spent("2026-02-01T00:00:01.000Z", 0.000_000_4),
    ]);
    const ledger = createLedger(store);
    await ledger.recover("2026-02-01T00:00:02.000Z");
    await ledger.recover("2026-02-01T00:00:02.000Z");
    const days = [day, "2026-02-01"];
    assert.deepEqual(
      days.map((each) => ledger.on(each).cost_microcents),
      [30, 40],
    );
    await end(store, ledger);
    assert.deepEqual(
      days.map((each) => store.get("dailyUsage", each)?.cost_microcents),
      [30, 40],
    );
  });

  it("does not read what has asked nothing today", async () => {
    const store = await stored();
    await store.transcripts.append(execution_id, [prompt, spent(`${day}T10:00:00.000Z`, 1)]);
    const ledger = createLedger(store);
    await ledger.recover("2026-03-01T00:00:00.000Z");
    assert.equal(ledger.on(day).api_calls, 0);
  });
});
