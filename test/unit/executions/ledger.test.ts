import assert from "node:assert/strict";
import { createLedger, usageOn } from "../../../server/executions/ledger.ts";
import { noUsage as nothingUsed } from "../../../server/models/execution.ts";
import { noUsage } from "../../../server/gateway/tokens.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { anAgent, anExecution, TENANT } from "../../support/records.ts";

const day = "2026-01-31";
const agent = anAgent();
const execution = anExecution("00000000-0000-4000-8000-00000000000a");
const { execution_id, task_id } = execution;

const call = (cost_microcents: number | null) => ({
  execution_id,
  task_id,
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
    for (const scope of [{ execution_id }, { task_id }, { day }])
      assert.deepEqual(ledger.used(scope), { tokens: 2000, cost_microcents: 42 });
  });

  it("counts calls of unknown price at what is assumed for them, and keeps them apart", async () => {
    const store = memoryStore(TENANT);
    const ledger = createLedger(store);
    await ledger.record(call(30));
    await ledger.record(call(null));
    for (const scope of [{ execution_id }, { task_id }, { day }])
      assert.equal(ledger.used(scope).cost_microcents, 530);
    const today = usageOn(store, day);
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
    assert.equal(restarted.used({ day }).cost_microcents, 500);
    // 1000 tokens at 0.9 cents per thousand.
    for (const scope of [{ execution_id }, { task_id }])
      assert.equal(restarted.used(scope).cost_microcents, 900_000);
  });

  it("reads a day that was stored before unknown prices were counted", async () => {
    const store = memoryStore(TENANT);
    const { assumed_microcents: _, unpriced_calls: __, ...older } = usageOn(store, day);
    await store.commit((transaction) => {
      transaction.put("dailyUsage", { ...older, cost_microcents: 7 } as ReturnType<typeof usageOn>); // As older versions did.
    });
    const ledger = createLedger(store);
    await ledger.record(call(1));
    assert.equal(ledger.used({ day }).cost_microcents, 8);
    assert.equal(usageOn(store, day).unpriced_calls, 0);
  });
});
