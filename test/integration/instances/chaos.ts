import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CoditectError } from "../../../schemas/errors.ts";
import { isActive, canTransition } from "../../../server/models/instance.ts";
import { removeEmptyGroups } from "../../../server/instances/drivers/local/cgroup.ts";
import { isRunning, processTable, treeOf } from "../../../server/instances/drivers/process-table.ts";
import type { ClaimedInstance } from "../../../server/instances/pool.ts";
import { behaviour, command, localDriver, never, startPool } from "./pool-harness.ts";
import type { PoolUnderTest } from "./pool-harness.ts";

const INSTANCES = 8;
/** How long an execution works; it is hit before, during or after that. */
const WORK_MS = 50;

/** The same draws in the same order each time. */
const sequence = (seed: number) => (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};

/** What happens to one execution. */
interface Fate {
  /** Sent to the worker; null: it is left alone. */
  signal: "SIGKILL" | "SIGSTOP" | "SIGTERM" | null;
  after_ms: number;
  fillsMemory: boolean;
}

const fateOf = (random: () => number): Fate => {
  const signals = ["SIGKILL", "SIGSTOP", "SIGTERM"] as const;
  const choice = Math.floor(random() * 8);
  const after_ms = random() * 2 * WORK_MS;
  return { signal: signals[choice] ?? null, after_ms, fillsMemory: choice === 7 };
};

/** The worker of an instance that does nothing yet: the last process below its sandbox. */
const workerOf = async (instance: ClaimedInstance): Promise<number | null> =>
  treeOf(await processTable(0), Number(instance.record().metadata.runtime_id)).at(-1)?.pid ?? null;

const hit = async (worker: number | null, { signal, after_ms }: Fate): Promise<void> => {
  if (signal === null || worker === null) return;
  await sleep(after_ms);
  if (isRunning(worker)) process.kill(worker, signal);
};

/** One execution, from claim to release: `Completed`, or the code of its error. */
const oneExecution = async (pool: PoolUnderTest, fate: Fate): Promise<string> => {
  const instance = await pool.claim();
  try {
    const hitting = hit(await workerOf(instance), fate);
    const working = fate.fillsMemory
      ? instance.call("execution/run", behaviour("fill memory"), never)
      : instance.call("tests/run", command(`sleep ${WORK_MS / 1000}`), never);
    await Promise.all([working, hitting]);
    return "Completed";
  } catch (error) {
    if (!(error instanceof CoditectError)) throw error;
    return error.code === "worker_died" ? error.code : `${error.code}: ${error.message}`;
  } finally {
    await instance.release();
  }
};

/** Every change of state is on record and legal, and the last one is the state it is in. */
const checkTrail = (pool: PoolUnderTest): void => {
  for (const { instance_id, state } of pool.store.all("instances")) {
    const trail = pool.store.all("lifecycle", { instance_id });
    for (const { from_state, to_state } of trail) {
      if (from_state === null || from_state === to_state) continue;
      assert.ok(to_state !== null && canTransition(from_state, to_state), `${from_state} to ${to_state}`);
    }
    assert.equal(trail.at(-1)?.to_state, state);
  }
};

const openFiles = (): number => readdirSync("/proc/self/fd").length;

/** Sockets and pipes of ended workers are closed a turn of the event loop or two after their end. */
const openFilesAtRest = async (most: number): Promise<number> => {
  const deadline = performance.now() + 5000;
  while (openFiles() > most && performance.now() < deadline) await sleep(10);
  return openFiles();
};

/** Of a pool that is closed nothing is left: no process, no group, no folder beyond those kept. */
const checkNothingLeft = async (pool: PoolUnderTest): Promise<void> => {
  const instances = pool.store.all("instances");
  assert.deepEqual(instances.filter(isActive), []);
  const pids = instances.map(({ metadata }) => Number(metadata.runtime_id));
  assert.deepEqual(
    pids.filter((pid) => pid > 0 && isRunning(pid)),
    [],
  );
  assert.equal(
    removeEmptyGroups((owner) => owner === process.pid),
    0,
    "control groups are left",
  );
  const copies = join(pool.folder, "copies");
  for (const workspace of await readdir(copies)) {
    const kept = await readdir(join(copies, workspace));
    assert.ok(kept.length <= pool.settings.copies, `${kept.length} private copies are left`);
  }
};

const startEight = (executions: number): Promise<PoolUnderTest> =>
  startPool({
    driver: localDriver(),
    settings: {
      maximum: INSTANCES,
      sizes: { other: { minimum: 0, target: 0, maximum: INSTANCES } },
      queue: executions,
      health: { interval_ms: 200, deadline_ms: 300 },
      limits: { memory_mb: 300, cpus: 2, processes: 64, disk_mb: 500 },
    },
  });

/** What a process opens with its first child it keeps for all others. */
const openWhatIsKept = async (): Promise<void> => {
  const pool = await startEight(1);
  await (await pool.claim()).release();
  await pool.close();
};

/**
 * Runs executions over a pool of eight instances whose workers are killed, stopped, terminated and
 * run out of memory at random moments. Each must end as documented, and nothing may be left behind.
 */
export const endsProperly = async (executions: number, seed: number): Promise<void> => {
  await openWhatIsKept();
  const filesBefore = openFiles();
  const pool = await startEight(executions);
  try {
    const random = sequence(seed);
    const fates = Array.from({ length: executions }, () => fateOf(random));
    const outcomes = await Promise.all(fates.map((fate) => oneExecution(pool, fate)));
    assert.deepEqual([...new Set(outcomes)].sort(), ["Completed", "worker_died"]);
    await pool.pool.close();
    checkTrail(pool);
    await checkNothingLeft(pool);
  } finally {
    await pool.close();
  }
  const filesAfter = await openFilesAtRest(filesBefore);
  assert.ok(filesAfter <= filesBefore, `${filesAfter - filesBefore} files stayed open`);
};
