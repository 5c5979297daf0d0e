import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CoditectError } from "../../../schemas/errors.ts";
import { behaviour, command, never, startPool } from "./pool-harness.ts";
import type { PoolTestOptions, PoolUnderTest } from "./pool-harness.ts";
import type { Driver } from "../../../server/instances/drivers/driver.ts";

/** Starts pools for the tests of one suite and ends them after each. */
export const pools = (driver: () => Driver): ((options?: PoolTestOptions) => Promise<PoolUnderTest>) => {
  const started: PoolUnderTest[] = [];
  afterEach(async () => {
    await Promise.all(started.splice(0).map((pool) => pool.close()));
  });
  return async (options) => {
    const pool = await startPool({ driver: driver(), ...options });
    started.push(pool);
    return pool;
  };
};

const history = (pool: PoolUnderTest, id: string): string[] =>
  pool.store
    .all("lifecycle", { instance_id: id })
    .map((event) => `${event.event_type} ${event.from_state ?? "-"}>${event.to_state ?? "-"}`);

/** How a worker can end, and what the error and the record must then say. */
const ends = {
  "exit 3": /exit code 3/,
  "kill itself": /signal SIGKILL/,
  "fill the heap": /out of memory/,
  "fill memory": /out of memory/,
};

/** What a worker can send against the protocol, and what the error must then say. */
const violations = {
  "write nonsense": /broke the protocol: its output is not a message/,
  "write bad JSON": /broke the protocol: its output is not a message/,
  "announce a long message": /broke the protocol: a message of 99999999999 bytes/,
  "flood with messages": /broke the protocol: it sent messages faster/,
};

export interface ConformanceOptions {
  /** False where another suite already breaks the protocol over the same driver. */
  breaksProtocol?: boolean;
}

/** What every driver has to do, whatever it runs instances on. */
export const conformance = (driver: () => Driver, options: ConformanceOptions = {}): void => {
  const start = pools(driver);
  const deaths = { ...ends, ...(options.breaksProtocol === false ? {} : violations) };

  it("claims, works, releases, and records every change of state", async () => {
    const pool = await start({ settings: { health: { interval_ms: 50, deadline_ms: 5000 } } });
    const taskId = randomUUID();
    const measured = pool.event(
      (event) => event.type === "instance.changed" && event.instance.resources.memory_mb > 10,
    );
    const instance = await pool.claim({ task_id: taskId });
    assert.equal(instance.record().state, "Working");
    assert.equal(instance.record().assigned_task_id, taskId);
    const result = await instance.call("execution/run", behaviour("work"), never);
    assert.equal(result.summary, "done");
    await measured;
    await instance.release();
    const record = instance.record();
    assert.equal(record.state, "Idle");
    assert.notEqual(record.metadata.runtime_id, "");
    assert.deepEqual(pool.store.get("instances", record.instance_id), record);
    assert.deepEqual(history(pool, record.instance_id), [
      "Created ->Provisioning",
      "StateChanged Provisioning>Starting",
      "StateChanged Starting>Idle",
      "TaskAssigned Idle>Working",
      "TaskCompleted Working>Idle",
    ]);
    await pool.pool.terminate(record.instance_id, "user:test", "asked for");
    assert.deepEqual(history(pool, record.instance_id).slice(5), [
      "StateChanged Idle>Stopping",
      "StateChanged Stopping>Terminated",
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

  it("shows the workspace read-only and lets the worker write its copy", async () => {
    const pool = await start();
    await writeFile(join(pool.workspace, "a file.txt"), "from the workspace");
    const instance = await pool.claim();
    const read = await instance.call("tests/run", command(`cat '${pool.workspace}/a file.txt'`), never);
    assert.equal(read.output, "from the workspace");
    const written = await instance.call("tests/run", command(`echo x > '${pool.workspace}/b.txt'`), never);
    assert.notEqual(written.exit_code, 0);
    const copied = await instance.call("tests/run", command("echo x > b.txt && cat b.txt"), never);
    assert.equal(copied.output, "x\n");
  });

  describe("one pool", () => {
    let pool: PoolUnderTest;
    before(async () => {
      // A worker whose heap fills is too busy to answer, and a busy machine makes that last.
      const health = { interval_ms: 60_000, deadline_ms: 60_000 };
      pool = await startPool({ driver: driver(), settings: { health } });
      pool.settings.limits.memory_mb = 300;
    });
    after(async () => {
      await pool.close();
    });

    for (const [name, how] of Object.entries(deaths)) {
      it(`names how a worker ended, and goes on with another: ${name}`, async () => {
        const instance = await pool.claim();
        const error: unknown = await instance
          .call("execution/run", behaviour(name), never)
          .catch((reason: unknown) => reason);
        assert.ok(error instanceof CoditectError);
        assert.equal(error.code, "worker_died");
        assert.match(error.message, how);
        assert.equal(instance.record().state, "Failed");
        assert.match(instance.record().health.error_message ?? "", how);
        await instance.release();
        const next = await pool.claim();
        assert.equal((await next.call("execution/run", behaviour("work"), never)).summary, "done");
        // The next test goes on with this instance.
        await next.release();
      });
    }
  });

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
    await instance.call("tests/run", command("sleep 1000 >/dev/null 2>&1 &"), never);
    await instance.release();
    assert.equal(instance.record().state, "Terminated");
  });

  it("fails an instance that misses three health checks, busy or not", async () => {
    const pool = await start({ settings: { health: { interval_ms: 100, deadline_ms: 150 } } });
    const instance = await pool.claim();
    const call = instance.call("execution/run", behaviour("spin"), never);
    await assert.rejects(call, { code: "worker_died", message: /no answer to a health check/ });
    assert.equal(instance.record().state, "Failed");
    assert.equal(instance.record().health.failure_count, 3);
    const { instance_id } = instance.record();
    const failed = history(pool, instance.record().instance_id).slice(-3);
    assert.deepEqual(failed, [
      "HealthCheckFailed Working>Working",
      "HealthCheckFailed Working>Working",
      "StateChanged Working>Failed",
    ]);
    const terminated = await pool.pool.terminate(instance_id, "user:test", "asked for");
    assert.equal(terminated.state, "Terminated");
  });

  it("pauses and resumes a working instance, and refuses every other state set by hand", async () => {
    const pool = await start();
    const instance = await pool.claim();
    const { instance_id } = instance.record();
    const set = (state: "Paused" | "Working" | "Idle" | "Failed" | "Provisioning" | "Starting") =>
      pool.pool.setState(instance_id, state, "user:test", "asked for");
    assert.equal((await set("Paused")).state, "Paused");
    const answered = instance.call("worker/ping", {}, AbortSignal.timeout(300));
    await assert.rejects(answered, { code: "cancelled" });
    await assert.rejects(set("Paused"), { code: "illegal_transition" });
    assert.equal((await set("Working")).state, "Working");
    for (const state of ["Working", "Idle", "Failed", "Provisioning", "Starting"] as const) {
      const code = state === "Working" ? "illegal_transition" : "state_not_settable";
      await assert.rejects(set(state), { code }, state);
    }
    const result = await instance.call("execution/run", behaviour("work"), never);
    assert.equal(result.summary, "done");
  });
};
