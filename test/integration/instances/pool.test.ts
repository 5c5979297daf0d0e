import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { CoditectError } from "../../../schemas/errors.ts";
import { behaviour, command, never, startPool } from "./pool-harness.ts";
import type { PoolTestOptions, PoolUnderTest } from "./pool-harness.ts";

describe("the pool over local workers", function () {
  this.timeout(20_000);
  const started: PoolUnderTest[] = [];
  const start = async (options?: PoolTestOptions): Promise<PoolUnderTest> => {
    const pool = await startPool(options);
    started.push(pool);
    return pool;
  };
  afterEach(async () => {
    await Promise.all(started.splice(0).map((pool) => pool.close()));
  });
  const history = (pool: PoolUnderTest, id: string): string[] =>
    pool.store
      .all("lifecycle", { instance_id: id })
      .map((event) => `${event.event_type} ${event.from_state ?? "-"}>${event.to_state ?? "-"}`);

  it("claims, works, releases, and records every change of state", async () => {
    const pool = await start();
    const taskId = randomUUID();
    const instance = await pool.claim({ task_id: taskId });
    assert.equal(instance.record().state, "Working");
    assert.equal(instance.record().assigned_task_id, taskId);
    const result = await instance.call("execution/run", behaviour("work"), never);
    assert.equal(result.summary, "done");
    await instance.release();
    const record = instance.record();
    assert.equal(record.state, "Idle");
    assert.deepEqual(pool.store.get("instances", record.instance_id), record);
    assert.deepEqual(history(pool, record.instance_id), [
      "Created ->Provisioning",
      "StateChanged Provisioning>Starting",
      "StateChanged Starting>Idle",
      "TaskAssigned Idle>Working",
      "TaskCompleted Working>Idle",
    ]);
  });

  it("gives a released instance to the next claim of the same agent", async () => {
    const pool = await start();
    const first = await pool.claim();
    await first.release();
    const second = await pool.claim();
    assert.equal(second.record().instance_id, first.record().instance_id);
  });

  it("answers what the worker asks, for its own execution only", async () => {
    const pool = await start();
    const instance = await pool.claim();
    const asked = await instance.call("execution/run", behaviour("ask"), never);
    assert.match(asked.summary, /hello/);
    const refused = await instance.call("execution/run", behaviour("ask for another"), never);
    assert.match(refused.summary, /no execution of this instance/);
  });

  const deaths: [name: string, how: RegExp][] = [
    ["exit 3", /exit code 3/],
    ["kill itself", /signal SIGKILL/],
    ["fill the heap", /out of memory/],
    ["write nonsense", /broke the protocol: its output is not a message/],
    ["write bad JSON", /broke the protocol: its output is not a message/],
    ["announce a long message", /broke the protocol: a message of 99999999999 bytes/],
    ["flood with messages", /broke the protocol: it sent messages faster/],
    ["fill memory", /out of memory/],
  ];
  for (const [name, how] of deaths) {
    it(`names how a worker ended: ${name}`, async () => {
      const pool = await start();
      pool.settings.limits.memory_mb = 300;
      const instance = await pool.claim();
      const error: unknown = await instance
        .call("execution/run", behaviour(name), never)
        .catch((e: unknown) => e);
      assert.ok(error instanceof CoditectError);
      assert.equal(error.code, "worker_died");
      assert.match(error.message, how);
      assert.equal(instance.record().state, "Failed");
      assert.match(instance.record().health.error_message ?? "", how);
      await instance.release();
      const next = await pool.claim();
      assert.equal((await next.call("execution/run", behaviour("work"), never)).summary, "done");
    });
  }

  it("settles a call at once when it is cancelled, and gives up an instance that goes on", async () => {
    const pool = await start();
    const instance = await pool.claim();
    const cancel = new AbortController();
    const call = instance.call("execution/run", behaviour("hang"), cancel.signal);
    cancel.abort();
    await assert.rejects(call, { code: "cancelled" });
    await instance.release();
    assert.equal(instance.record().state, "Terminated");
  });

  it("does not reuse an instance in which processes were left behind", async () => {
    const pool = await start();
    const instance = await pool.claim();
    await instance.call("tests/run", command("setsid sleep 1000 >/dev/null 2>&1 &"), never);
    await instance.release();
    assert.equal(instance.record().state, "Terminated");
  });
});
