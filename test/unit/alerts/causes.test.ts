import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { AgentExecution } from "../../../schemas/execution.ts";
import { MICROCENTS_PER_DOLLAR } from "../../../schemas/money.ts";
import { Settings, type SettingsInput } from "../../../schemas/settings.ts";
import { causesOf } from "../../../server/alerts/causes.ts";
import { createLedger } from "../../../server/executions/ledger.ts";
import type { InstanceLoad } from "../../../server/instances/pool.ts";
import { recordMetrics } from "../../../server/metrics/record.ts";
import { updateHealth } from "../../../server/models/instance.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { anAgent, anExecution, anInstance, aRun, aTask, NOW } from "../../support/records.ts";

const DAY = NOW.slice(0, 10);

describe("causes of alerts", () => {
  const at = (settings: SettingsInput = {}, loads: InstanceLoad[] = []) => {
    const store = memoryStore();
    const ledger = createLedger(store);
    const sources = { store, ledger, pool: { loads: () => loads }, settings: Settings.parse(settings) };
    return {
      store,
      ledger,
      names: () => causesOf(DAY, sources).map(({ alert, subject }) => [alert, subject]),
    };
  };
  const end = async (
    { store }: ReturnType<typeof at>,
    count: number,
    status: AgentExecution["status"],
    code: string | null = null,
  ) => {
    const task = aTask();
    for (let index = 0; index < count; index++) {
      const base = anExecution(task.task_id);
      const error = code === null ? null : { code, message: "", retryable: false, next_step: null };
      await store.commit((transaction) => {
        transaction.put("tasks", task);
        transaction.put("executions", { ...base, status, error, started_at: NOW, completed_at: NOW });
        recordMetrics(transaction, store.tenantId, base.execution_id);
      });
    }
  };
  const spend = async (
    { store, ledger }: ReturnType<typeof at>,
    tokens: number,
    dollars: number,
  ): Promise<{ task_id: string; execution_id: string }> => {
    const run = aRun(randomUUID());
    const execution: AgentExecution = { ...anExecution(run.task_id), status: "Running" };
    await store.commit((transaction) => {
      transaction.put("runs", run);
      transaction.put("executions", execution);
    });
    const { execution_id, task_id } = execution;
    const { agent_id } = execution.metadata;
    await ledger.record({
      ...{ execution_id, task_id, agent_id, day: DAY, assumed_microcents: 0 },
      cost_microcents: Math.round(dollars * MICROCENTS_PER_DOLLAR),
      usage: { input: tokens, output: 0, reasoning: 0, cache_read: 0, cache_write_5m: 0, cache_write_1h: 0 },
    });
    return { task_id, execution_id };
  };

  it("are a high failure rate, once enough executions have ended", async () => {
    const few = at();
    await end(few, 4, "Failed");
    assert.deepEqual(few.names(), []);
    await end(few, 1, "Completed");
    assert.deepEqual(few.names(), [["high_failure_rate", "executions"]]);
    const off = at({ alerts: { failure_rate: null } });
    await end(off, 9, "Failed");
    assert.deepEqual(off.names(), []);
  });

  it("are errors of one provider, and of none where its own cap stops it", async () => {
    const errors = at({ alerts: { failure_rate: null } });
    await end(errors, 5, "Failed", "rate_limited");
    assert.deepEqual(errors.names(), []);
    await end(errors, 5, "Failed", "provider_unreachable");
    assert.deepEqual(errors.names(), [["provider_errors", "Ollama"]]);
  });

  it("are the cost of the day near its cap, and at it", async () => {
    const near = at({ limits: { cost_per_day: 10 } });
    await spend(near, 1, 7.9);
    assert.deepEqual(near.names(), []);
    await spend(near, 1, 0.1);
    assert.deepEqual(near.names(), [["resource_limit", "cost_per_day"]]);
    await spend(near, 1, 2);
    assert.deepEqual(near.names()[0], ["cost_threshold", "cost_per_day"]);
  });

  it("are a threshold of the day's cost that is below every cap", async () => {
    const threshold = at({ alerts: { cost_per_day: 1 }, limits: { cost_per_day: null, cost_per_run: null } });
    await spend(threshold, 1, 1.5);
    assert.deepEqual(threshold.names(), [["cost_threshold", "cost_per_day"]]);
  });

  it("are caps on the tokens of the day, a run and an execution", async () => {
    const limits = { tokens_per_day: 1000, tokens_per_run: 900, tokens_per_execution: 850 };
    const caps = at({ limits: { ...limits, cost_per_day: null } });
    const { task_id, execution_id } = await spend(caps, 800, 0);
    assert.deepEqual(caps.names().sort(), [
      ["resource_limit", "tokens_per_day"],
      ["resource_limit", `tokens_per_execution:${execution_id}`],
      ["resource_limit", `tokens_per_run:${task_id}`],
    ]);
  });

  it("do not include unused limits, whatever the share of a limit is", async () => {
    const any = at({ alerts: { limit_share: 0, failure_rate: 0, cost_per_day: 0 } });
    assert.deepEqual(any.names(), []);
    await spend(any, 1, 0);
    assert.ok(any.names().every(([, subject]) => subject?.startsWith("tokens_")));
    for (const wrong of [{ failure_rate: -0.1 }, { limit_share: NaN }, { provider_errors: 0 }])
      assert.equal(Settings.safeParse({ alerts: wrong }).success, false, JSON.stringify(wrong));
  });

  it("are memory and disk of an instance at work", () => {
    const load = (memory: number, disk: number | null): InstanceLoad => ({
      instance_id: "one",
      memory: { used: memory, limit: 1000 },
      disk: { used: disk, limit: 1000 },
    });
    assert.deepEqual(at({}, [load(799, null)]).names(), []);
    assert.deepEqual(at({}, [load(800, 900)]).names(), [
      ["resource_limit", "memory:one"],
      ["resource_limit", "disk:one"],
    ]);
  });

  it("are an instance that does not answer, and several that failed on the day", async () => {
    const health = at();
    const unhealthy = updateHealth(anInstance(anAgent().agent_id), false, "no answer", NOW);
    await health.store.commit((transaction) => {
      transaction.put("instances", unhealthy);
    });
    assert.deepEqual(health.names(), [["instance_health", "instances"]]);
    const failed = at();
    for (const count of [1, 2, 3]) {
      await failed.store.commit((transaction) => {
        transaction.put("instances", { ...anInstance(anAgent().agent_id), state: "Failed", updated_at: NOW });
      });
      assert.equal(failed.names().length, count < 3 ? 0 : 1);
    }
  });
});
