import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CoditectError } from "../../../schemas/errors.ts";
import { isActive, canTransition } from "../../../server/models/instance.ts";
import { removeEmptyGroups } from "../../../server/instances/local/cgroup.ts";
import { isRunning, processTable, treeOf } from "../../../server/instances/local/process-table.ts";
import { pools } from "./conformance.ts";
import { behaviour, command, localDriver, never } from "./pool-harness.ts";
import type { PoolUnderTest } from "./pool-harness.ts";

/** `CHAOS=200 npm run test:integration` does what the full drill asks for. */
const EXECUTIONS = Number(process.env.CHAOS ?? 40);
const INSTANCES = 8;

/** The same faults in the same order each time. */
const sequence = (seed: number) => (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};

const openFiles = (): number => readdirSync("/proc/self/fd").length;

/** What can happen to an instance while it works. */
const faults: ((pid: number) => void)[] = [
  (pid) => process.kill(pid, "SIGKILL"),
  (pid) => process.kill(pid, "SIGSTOP"),
  (pid) => process.kill(pid, "SIGTERM"),
];

const oneExecution = async (pool: PoolUnderTest, random: () => number): Promise<string> => {
  const instance = await pool.claim();
  const root = Number(instance.record().metadata.runtime_id);
  const choice = Math.floor(random() * 8);
  try {
    const lines = ["sleep 0.05", "echo work"];
    const work =
      choice === 7
        ? instance.call("execution/run", behaviour("fill memory"), never)
        : instance.call("tests/run", command(lines[choice % 2] ?? "true"), never);
    const fault = faults[choice];
    if (fault !== undefined) {
      const tree = treeOf(await processTable(0), root);
      const worker = tree.at(-1);
      if (worker !== undefined && isRunning(worker.pid)) fault(worker.pid);
    }
    await work;
    return "Completed";
  } catch (error) {
    assert.ok(error instanceof CoditectError, String(error));
    return error.code;
  } finally {
    await instance.release();
  }
};

describe("chaos", function () {
  this.timeout(240_000);
  if (process.platform !== "linux") return;
  const start = pools(() => localDriver());

  it(`ends ${EXECUTIONS} executions over ${INSTANCES} instances properly, whatever is killed, paused or out of memory`, async () => {
    const pool = await start({
      settings: {
        maximum: INSTANCES,
        sizes: { other: { minimum: 0, target: 0, maximum: INSTANCES } },
        health: { interval_ms: 200, deadline_ms: 300 },
        limits: { memory_mb: 300, cpus: 2, processes: 64, disk_mb: 500 },
      },
    });
    await (await pool.claim()).release();
    const filesBefore = openFiles();
    const random = sequence(4);
    const outcomes = await Promise.all(Array.from({ length: EXECUTIONS }, () => oneExecution(pool, random)));
    // An instance that is hit while it starts never worked: it could not be started.
    const known = new Set(["Completed", "worker_died", "worker_failed"]);
    assert.deepEqual(
      outcomes.filter((outcome) => !known.has(outcome)),
      [],
    );
    assert.ok(outcomes.includes("Completed") && outcomes.includes("worker_died"));

    const pids = pool.store.all("instances").map(({ metadata }) => Number(metadata.runtime_id));
    await pool.pool.close();
    for (const instance of pool.store.all("instances")) {
      assert.equal(isActive(instance), false, instance.state);
      const trail = pool.store.all("lifecycle", { instance_id: instance.instance_id });
      const moves = trail.filter(
        ({ from_state, to_state }) => from_state !== null && from_state !== to_state,
      );
      for (const { from_state, to_state } of moves) {
        assert.ok(from_state !== null && to_state !== null && canTransition(from_state, to_state));
      }
      assert.equal(trail.at(-1)?.to_state, instance.state);
    }
    assert.deepEqual(
      pids.filter((pid) => pid > 0 && isRunning(pid)),
      [],
    );
    const kept = await readdir(
      join(pool.folder, "copies", (await readdir(join(pool.folder, "copies")))[0] ?? ""),
    );
    assert.ok(kept.length <= pool.settings.copies, `${kept.length} private copies are left`);
    await sleep(100);
    assert.ok(openFiles() <= filesBefore + 2, `${openFiles() - filesBefore} files stayed open`);
    assert.equal(
      removeEmptyGroups((owner) => owner === process.pid),
      0,
      "control groups are left",
    );
  });
});
