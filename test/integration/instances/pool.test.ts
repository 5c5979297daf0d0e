import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../../schemas/errors.ts";
import type { Driver } from "../../../server/instances/drivers/driver.ts";
import type { ClaimedInstance } from "../../../server/instances/pool.ts";
import { createLocalDriver } from "../../../server/instances/drivers/local/driver.ts";
import { pools } from "./conformance.ts";
import { behaviour, command, localDriver, never, testWorker } from "./pool-harness.ts";
import type { PoolUnderTest } from "./pool-harness.ts";

const only = (maximum: number, target = 0) => ({
  maximum,
  sizes: { other: { minimum: target, target, maximum } },
});

/** Resolves with the first instance of this pool that comes to be in this state. */
const becomes = async (pool: PoolUnderTest, state: string): Promise<string> => {
  const found = pool.store.all("instances").find((one) => one.state === state);
  if (found !== undefined) return found.instance_id;
  const event = await pool.event((one) => one.type === "instance.changed" && one.instance.state === state);
  assert.ok(event.type === "instance.changed");
  return event.instance.instance_id;
};

describe("the pool", () => {
  const start = pools(() => localDriver());

  it("queues what it has no instance for, by priority, and says each one's place", async () => {
    const pool = await start({ settings: only(1) });
    const first = await pool.claim();
    const served: string[] = [];
    const places: number[] = [];
    const take = async (name: string, priority: number): Promise<ClaimedInstance> => {
      const onQueued = name === "low" ? { onQueued: (place: number) => places.push(place) } : {};
      const claimed = await pool.claim({ priority, ...onQueued });
      served.push(name);
      await claimed.release();
      return claimed;
    };
    const waiting = [take("low", -1), take("high", 5), take("middle", 0)];
    assert.equal(pool.pool.queued(), 3);
    await first.release();
    await Promise.all(waiting);
    assert.deepEqual(served, ["high", "middle", "low"]);
    assert.deepEqual(places, [1, 2, 3, 2, 1, 0]);
  });

  it("refuses one more than may wait", async () => {
    const pool = await start({ settings: { ...only(1), queue: 1 } });
    await pool.claim();
    const waiting = assert.rejects(pool.claim(), { code: "cancelled" });
    await assert.rejects(pool.claim(), { code: "queue_full" });
    await pool.pool.close();
    await waiting;
  });

  it("keeps to caps that are changed while it works", async () => {
    const pool = await start({ settings: only(2) });
    const first = await pool.claim();
    Object.assign(pool.settings, { ...only(1), queue: 1 });
    const second = pool.claim();
    assert.equal(pool.pool.queued(), 1);
    await assert.rejects(pool.claim(), { code: "queue_full" });
    await first.release();
    await (await second).release();
  });

  it("settles a waiting claim at once when it is cancelled", async () => {
    const pool = await start({ settings: only(1) });
    await pool.claim();
    const cancel = new AbortController();
    const waiting = pool.claim({ signal: cancel.signal });
    cancel.abort();
    await assert.rejects(waiting, { code: "cancelled" });
    assert.equal(pool.pool.queued(), 0);
  });

  it("ends an idle instance of another agent to make room, never one that works", async () => {
    const pool = await start({ settings: only(2) });
    const working = await pool.claim();
    const idle = await pool.claim({ agent: pool.agent("Reviewer") });
    await idle.release();
    const third = await pool.claim({ agent: pool.agent("Security") });
    assert.equal(idle.record().state, "Terminated");
    assert.equal(working.record().state, "Working");
    assert.equal(third.record().state, "Working");
  });

  it("gives the next instance on a workspace the private copy of the last", async () => {
    const pool = await start();
    const coder = await pool.claim();
    await coder.call("tests/run", command("echo kept > kept.txt"), never);
    await coder.release();
    const reviewer = await pool.claim({ agent: pool.agent("Reviewer") });
    const { output } = await reviewer.call("tests/run", command("cat kept.txt"), never);
    assert.equal(output, "kept\n");
    assert.equal(coder.record().state, "Terminated");
  });

  it("never gives two live instances the same private copy", async () => {
    const pool = await start();
    const claimed = await Promise.all([pool.claim(), pool.claim(), pool.claim()]);
    // Each sees its copy under the same path; the number of the folder on the disk tells them apart.
    const folders = claimed.map(
      async (one) => (await one.call("tests/run", command("ls -di ."), never)).output,
    );
    assert.equal(new Set(await Promise.all(folders)).size, 3);
  });

  it("recycles an instance after so many executions", async () => {
    const pool = await start({ settings: { recycle_after: 2 } });
    const first = await pool.claim();
    await first.release();
    assert.equal(first.record().state, "Idle");
    const second = await pool.claim();
    await second.release();
    assert.equal(second.record().state, "Terminated");
    const causes = pool.store.all("lifecycle", { instance_id: second.record().instance_id });
    assert.ok(causes.some(({ cause }) => cause === "recycled after 2 executions"));
  });

  it("holds spares ready, and replaces one that dies", async () => {
    const pool = await start({ settings: only(4, 1) });
    const claimed = await pool.claim();
    const spare = await becomes(pool, "Idle");
    assert.notEqual(spare, claimed.record().instance_id);
    const before = pool.store.all("instances").length;
    const record = pool.store.get("instances", spare);
    process.kill(Number(record?.metadata.runtime_id), "SIGKILL");
    await pool.event(
      (one) =>
        one.type === "instance.changed" &&
        one.instance.state === "Idle" &&
        one.instance.instance_id !== spare &&
        one.instance.instance_id !== claimed.record().instance_id,
    );
    assert.equal(pool.store.get("instances", spare)?.state, "Failed");
    assert.equal(pool.store.all("instances").length, before + 1);
  });

  it("ends what is idle too long, but nothing below the minimum", async () => {
    const pool = await start({ settings: { idle_minutes: 0.002 } });
    const claimed = await pool.claim();
    await claimed.release();
    await pool.event((one) => one.type === "instance.changed" && one.instance.state === "Terminated");
    const kept = await start({ settings: { idle_minutes: 0.002, ...only(2, 1) } });
    const first = await kept.claim();
    await first.release();
    await kept.event((one) => one.type === "instance.changed" && one.instance.state === "Terminated");
    const active = kept.store.all("instances", { active: true });
    assert.equal(active.length, 1);
  });

  it("records instances an earlier runtime left behind as failed", async () => {
    const pool = await start();
    const instance = await pool.claim();
    const before = instance.record();
    await instance.release();
    const lost = { ...before, instance_id: randomUUID() };
    await pool.store.commit((transaction) => {
      transaction.put("instances", lost);
    });
    await pool.restart();
    assert.equal(pool.store.get("instances", lost.instance_id)?.state, "Failed");
    // The time of the one that was released is in the day's sums.
    const seconds = pool.store.all("dailyMetrics").map((day) => day.instance_seconds);
    assert.ok(seconds.some(({ Working = 0, Starting = 0 }) => Working > 0 && Starting > 0));
  });

  it("leaves no process and no open call when it is closed at work", async () => {
    const pool = await start();
    const instances = await Promise.all([pool.claim(), pool.claim()]);
    const calls = instances.map((one) => one.call("execution/run", behaviour("hang"), never));
    await Promise.all([
      pool.pool.close(),
      ...calls.map((call) => assert.rejects(call, { code: "worker_died", message: /the runtime stops/ })),
    ]);
    assert.deepEqual(
      instances.map((one) => one.record().state),
      ["Terminated", "Terminated"],
    );
    await assert.rejects(pool.claim(), { code: "cancelled" });
  });

  it("says when the process of a new instance runs, and when one is free, before it is claimed", async () => {
    const pool = await start({ settings: only(1) });
    const states: string[] = [];
    const onStarted = () => void states.push(...pool.store.all("instances").map(({ state }) => state));
    const first = await pool.claim({ onStarted });
    await first.release();
    await pool.claim({ onStarted });
    assert.deepEqual(states, ["Starting", "Idle"]);
  });

  it("says that commands run unconfined, or refuses if that is not allowed", async () => {
    const pool = await start({ driver: localDriver({ sandbox: false }) });
    await pool.claim();
    assert.ok(pool.events.some((event) => event.type === "notice" && event.code === "unconfined"));
    const strict = createLocalDriver({
      entry: testWorker,
      environment: [],
      unconfined: () => "refuse",
      sandbox: false,
    });
    const refusing = await start({ driver: strict });
    const onStarted = () => assert.fail("no process runs");
    await assert.rejects(refusing.claim({ onStarted }), { code: "sandbox_unavailable" });
  });

  it("falls back to local processes only if that is set, and says so", async () => {
    const gone: Driver = {
      runtime: "Docker",
      start: () =>
        Promise.reject(fail("engine_unavailable", { reason: "there is none", hint: "Install one." })),
      removeOrphans: () => Promise.resolve(0),
    };
    const drivers = { Docker: gone, Local: localDriver() };
    const strict = await start({ drivers });
    await assert.rejects(strict.claim({ runtime: "Docker" }), { code: "engine_unavailable" });
    const lenient = await start({ drivers, settings: { fall_back_to_local: true } });
    const claimed = await lenient.claim({ runtime: "Docker" });
    assert.equal(claimed.record().metadata.runtime_type, "Local");
    assert.ok(lenient.events.some((event) => event.type === "notice" && event.code === "fallback"));
  });

  it("says how a worker that cannot start ended, and keeps its place for the next", async () => {
    const broken = createLocalDriver({
      entry: { command: process.execPath, args: ["/nowhere/worker.js"] },
      environment: [],
      unconfined: () => "allow",
    });
    const pool = await start({ driver: broken });
    await assert.rejects(pool.claim(), { code: "worker_died", message: /exit code 1/ });
    const [record] = pool.store.all("instances");
    assert.equal(record?.state, "Failed");
    await pool.pool.close();
    const workspaces = await readdir(join(pool.folder, "copies"));
    assert.equal(workspaces.length, 1);
  });
});
