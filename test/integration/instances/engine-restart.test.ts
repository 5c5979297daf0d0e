import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { CoditectError } from "../../../schemas/errors.ts";
import { createDockerDriver } from "../../../server/instances/drivers/docker/driver.ts";
import { openEngine } from "../../../server/instances/drivers/docker/engine.ts";
import type { Engine } from "../../../server/instances/drivers/docker/engine.ts";
import { canTransition, isActive } from "../../../server/models/instance.ts";
import { startPrivateEngine, whyNoPrivateEngine } from "../../support/private-engine.ts";
import type { PrivateEngine } from "../../support/private-engine.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { pools } from "./conformance.ts";
import { behaviour, command, never, testWorker } from "./pool-harness.ts";
import type { PoolUnderTest } from "./pool-harness.ts";

const reason = await whyNoPrivateEngine();
const openFiles = (): number => readdirSync("/proc/self/fd").length;

/** Containers of no instance that is there; one that starts as a spare is on record a moment later. */
const strangers = async ({ client }: Engine, pool: PoolUnderTest): Promise<string[]> => {
  const deadline = performance.now() + 15_000;
  for (;;) {
    const ours = new Set(
      pool.store.all("instances").flatMap((one) => (isActive(one) ? [one.metadata.runtime_id] : [])),
    );
    const found = (await client.listContainers({ all: true })).filter(({ Id }) => !ours.has(Id));
    if (found.length === 0 || performance.now() > deadline) return found.map(({ Id }) => Id);
    await sleep(50);
  }
};

const execute = async (pool: PoolUnderTest): Promise<string> => {
  try {
    const instance = await pool.claim();
    try {
      await instance.call("tests/run", command("sleep 1"), never);
      return "Completed";
    } finally {
      await instance.release();
    }
  } catch (error) {
    assert.ok(error instanceof CoditectError, String(error));
    return error.code;
  }
};

describe("an engine that is killed and started again under its instances", function () {
  skipUnlessNull(this, reason);
  let private_: PrivateEngine;
  let engine: Engine;
  before(async () => {
    private_ = await startPrivateEngine();
    engine = await openEngine({ socket: private_.socket });
  });
  after(() => private_.close());
  const start = pools(() =>
    createDockerDriver({
      entry: testWorker,
      stateFolder: import.meta.filename,
      engine: () => Promise.resolve(engine),
    }),
  );

  it("ends every execution in a documented way, serves the next, and leaves nothing", async () => {
    const pool = await start({
      settings: { maximum: 3, sizes: { other: { minimum: 0, target: 0, maximum: 3 } } },
    });
    await execute(pool);
    const filesBefore = openFiles();
    const working = Array.from({ length: 9 }, () => execute(pool));
    const atWork = (): number =>
      pool.store.all("instances").filter(({ state }) => state === "Working").length;
    while (atWork() < 3) await pool.event((one) => one.type === "instance.changed");
    await private_.kill();
    const outcomes = await Promise.all(working);
    const known = new Set([
      "Completed",
      "worker_died",
      "instance_failed",
      "instance_not_started",
      "engine_unavailable",
    ]);
    assert.deepEqual(
      outcomes.filter((outcome) => !known.has(outcome)),
      [],
    );
    assert.ok(outcomes.includes("worker_died"), outcomes.join());

    await private_.start();
    assert.equal(await execute(pool), "Completed");
    const again = await pool.claim();
    assert.equal((await again.call("execution/run", behaviour("work"), never)).summary, "done");
    assert.equal(again.record().state, "Working");
    assert.deepEqual(await strangers(engine, pool), [], "containers of before the crash are left");

    await pool.pool.close();
    assert.deepEqual(await engine.client.listContainers({ all: true }), []);
    for (const instance of pool.store.all("instances")) {
      assert.equal(isActive(instance), false, instance.state);
      for (const { from_state, to_state } of pool.store.all("lifecycle", {
        instance_id: instance.instance_id,
      })) {
        if (from_state === null || to_state === null || from_state === to_state) continue;
        assert.ok(canTransition(from_state, to_state), `${from_state} → ${to_state}`);
      }
    }
    // Sockets close a moment after both sides have said that they end.
    const signal = AbortSignal.timeout(15_000);
    while (openFiles() > filesBefore) await sleep(50, undefined, { signal });
  });
});
