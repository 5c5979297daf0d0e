import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { DEFAULT_IMAGE } from "../../server/instances/drivers/docker/container.ts";
import { createDockerDriver } from "../../server/instances/drivers/docker/driver.ts";
import type { Driver } from "../../server/instances/drivers/driver.ts";
import { createLocalDriver } from "../../server/instances/drivers/local/driver.ts";
import { processTable, treeOf } from "../../server/instances/drivers/process-table.ts";
import { snapshotName } from "../../server/platform/snapshot.ts";
import { dockerEngine } from "../docker-engine.ts";
import { command, never, startPool } from "../integration/instances/pool-harness.ts";
import type { ClaimedInstance } from "../../server/instances/pool.ts";
import type { PoolUnderTest } from "../integration/instances/pool-harness.ts";
import { median, type Report } from "./report.ts";

const STARTS = 7;
const CLAIMS = 30;
const MANY = 50;
const EXECUTIONS = 500;
const LANES = 8;

const dist = (name: string): string => fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));
const entry = { command: process.execPath, args: [dist("worker.js")], snapshot: dist(snapshotName()) };
const local = (): Driver => createLocalDriver({ entry, environment: [], unconfined: () => "allow" });
const docker = (): Driver => createDockerDriver({ entry, stateFolder: import.meta.filename });

/** Instances: how fast one is there, what many cost, and what the pool adds to short work. */
export default async function run({ report }: Report): Promise<void> {
  const noEngine = await dockerEngine();
  const drivers = { Local: local, ...(noEngine === null && { Docker: docker }) };
  for (const [name, driver] of Object.entries(drivers)) await measureClaims(report, name, driver());
  await measureMany(report);
  await measureThroughput(report);
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return performance.now() - started;
};

/** Measures the same thing several times, one after another. */
const repeat = async (times: number, measure: () => Promise<number>): Promise<number> => {
  const values: number[] = [];
  for (let count = 0; count < times; count += 1) values.push(await measure());
  return median(values);
};

const withPool = async <Result>(
  driver: Driver,
  maximum: number,
  work: (pool: PoolUnderTest) => Promise<Result>,
): Promise<Result> => {
  const sizes = { other: { minimum: 0, target: 0, maximum } };
  const pool = await startPool({
    driver,
    settings: { maximum, sizes, queue: EXECUTIONS, recycle_after: 1_000_000 },
  });
  try {
    return await work(pool);
  } finally {
    await pool.close();
  }
};

const forkTime = (script: string): Promise<number> =>
  timed(async () => {
    const child = fork(script);
    await once(child, "message");
    child.kill();
  });

const dockerRunTime = (): Promise<number> =>
  timed(async () => {
    const options = ["run", "--rm", "--network", "none", "--entrypoint", "/opt/coditect/bin/node"];
    const child = spawn("docker", [...options, DEFAULT_IMAGE, "-e", "console.log(1)"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    await once(child.stdout, "data");
  });

const measureClaims = async (report: Report["report"], name: string, driver: Driver): Promise<void> => {
  await withPool(driver, 1, async (pool) => {
    const empty = join(pool.folder, "empty.cjs");
    writeFileSync(empty, "process.send(0)");
    await (await pool.claim()).release();
    const cold = await repeat(STARTS, async () => {
      const [idle] = pool.store.all("instances", { active: true });
      if (idle !== undefined) await pool.pool.terminate(idle.instance_id, "bench", "measured cold");
      const claiming = performance.now();
      const instance = await pool.claim();
      const took = performance.now() - claiming;
      await instance.release();
      return took;
    });
    const warm = await repeat(CLAIMS, async () => {
      const claiming = performance.now();
      const instance = await pool.claim();
      const took = performance.now() - claiming;
      await instance.release();
      return took;
    });
    const isLocal = name === "Local";
    const floor = await repeat(STARTS, isLocal ? () => forkTime(empty) : dockerRunTime);
    const limit = isLocal ? 3 : 1.3;
    report({
      name: `cold start to claimed, ${name}`,
      value: cold,
      unit: "ms",
      against: {
        name: isLocal ? "fork of an empty script" : "bare docker run, to first output",
        value: floor,
      },
      goal: `under ${limit}×`,
      holds: cold < limit * floor,
    });
    report({
      name: `claim from a warm pool, ${name}`,
      value: warm,
      unit: "ms",
      against: null,
      goal: "under 5 ms, durable",
      holds: warm < 5,
    });
  });
};

/** Memory that goes away with the process: what it shares with others is divided among them. */
const proportionalMemory = (pid: number): number => {
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"))?.[1];
  return Number(kilobytes ?? 0) / 1024;
};

/** 99th percentile of how late the event loop is during some work, in milliseconds. */
const loopDelay = async (work: () => Promise<unknown>): Promise<number> => {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await work();
  delay.disable();
  // The histogram counts its own resolution as delay.
  return delay.percentile(99) / 1e6 - 1;
};

const measureMany = async (report: Report["report"]): Promise<void> => {
  await withPool(local(), MANY, async (pool) => {
    let claimed: ClaimedInstance[] = [];
    const starting = await loopDelay(async () => {
      claimed = await Promise.all(Array.from({ length: MANY }, () => pool.claim()));
    });
    const prepare = { overlays: [], changes: [] };
    await Promise.all(claimed.map((instance) => instance.call("workspace/prepare", prepare, never)));
    // Work that waits: the processors belong to the runtime, and what is measured is its own doing.
    const working = await loopDelay(() =>
      Promise.all(claimed.map((instance) => instance.call("tests/run", command("sleep 2"), never))),
    );
    if (process.platform === "linux") {
      const table = await processTable(0);
      const memory = claimed.map((instance) =>
        treeOf(table, Number(instance.record().metadata.runtime_id))
          .map(({ pid }) => proportionalMemory(pid))
          .reduce((sum, megabytes) => sum + megabytes, 0),
      );
      const value = median(memory);
      const goal = "under 60 MB, sandbox included";
      const name = `memory per worker, ${MANY} at once`;
      report({ name, value, unit: "MB", against: null, goal, holds: value < 60 });
    }
    for (const [when, p99] of Object.entries({ "while they start": starting, "at work": working })) {
      const name = `event loop delay of the runtime, 99th percentile, ${MANY} ${when}`;
      report({ name, value: p99, unit: "ms", against: null, goal: "under 20 ms", holds: p99 < 20 });
    }
    await Promise.all(claimed.map((instance) => instance.release()));
  });
};

/** The same short work without instances: a child process each, as many at once. */
const plainRate = async (folder: string): Promise<number> => {
  let left = EXECUTIONS;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const child = spawn("/bin/sh", ["-c", "true"], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
      await once(child, "close");
    }
  };
  const took = await timed(() => Promise.all(Array.from({ length: LANES }, lane)));
  return EXECUTIONS / (took / 1000);
};

const measureThroughput = async (report: Report["report"]): Promise<void> => {
  await withPool(local(), LANES, async (pool) => {
    const warm = await Promise.all(Array.from({ length: LANES }, () => pool.claim()));
    await Promise.all(warm.map((instance) => instance.release()));
    const took = await timed(() =>
      Promise.all(
        Array.from({ length: EXECUTIONS }, async () => {
          const instance = await pool.claim();
          await instance.call("workspace/prepare", { overlays: [], changes: [] }, never);
          await instance.call("tests/run", command("true"), never);
          await instance.release();
        }),
      ),
    );
    report({
      name: `${EXECUTIONS} short executions over ${LANES} instances`,
      value: EXECUTIONS / (took / 1000),
      unit: "per second",
      against: { name: "the same commands in one plain process", value: await plainRate(pool.workspace) },
      goal: "each claimed, confined, recorded durably, and released",
      holds: null,
    });
  });
};
