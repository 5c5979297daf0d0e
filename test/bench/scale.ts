import { fork } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { freemem, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { aTask, NOW } from "../support/records.ts";
import { testDispatch } from "../support/dispatch.ts";
import { openStore } from "../../server/store/open.ts";
import type { Store } from "../../server/store/store.ts";
import { memoryDriver } from "../unit/instances/memory-driver.ts";
import { startPool } from "../integration/instances/pool-harness.ts";
import { serveTest, TOKEN } from "../unit/surfaces/rest/support.ts";
import { hasPeer, peers } from "./peers.ts";
import { median, percentile, type Report } from "./report.ts";

const SIZES = [10, 100, 1000] as const;
const ROUNDS = 2000;
const HOLD_MS = 2000;
const TENANTS = 100;
const RECORDS = 50_000;
const LISTENERS = 1000;
const EVENTS = 200;
const REQUESTS = 5000;
const TURNS = 5;
/** Below this much free memory no further tenant is opened. */
const RESERVE_BYTES = 4 * 1024 ** 3;
const MEGABYTE = 1024 ** 2;

const never = new AbortController().signal;

/** One runtime and many of everything: instances, tenants, listeners, requests. */
export default async function run({ report }: Report): Promise<void> {
  await measureInstances(report);
  await measureTenants(report);
  await measureListeners(report);
  await measureRequests(report);
}

/** 99th percentile of how late the event loop is, and the time on the processor, of some work. */
const watched = async (work: () => Promise<unknown>): Promise<{ p99: number; cpu: number }> => {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const before = process.cpuUsage();
  delay.enable();
  await work();
  delay.disable();
  const { user, system } = process.cpuUsage(before);
  // The histogram counts its own resolution as delay.
  return { p99: Math.max(0, delay.percentile(99) / 1e6 - 1), cpu: (user + system) / 1000 };
};

/** How late the event loop of a process that does nothing is on this machine, as it is busy now. */
const idleDelay = async (): Promise<{ name: string; value: number }> => {
  const { p99 } = await watched(() => setTimeout(1000));
  return { name: "with nothing to do", value: p99 };
};

/**
 * Workers in memory behind the real protocol, pool and store: what is left is the runtime's own work.
 * All but eight instances are held, as those of agents that wait for a model; eight lanes claim, ask their
 * worker once, and release.
 */
const measureInstances = async (report: Report["report"]): Promise<void> => {
  const costs: number[] = [];
  for (const size of SIZES) {
    const sizes = { other: { minimum: 0, target: 0, maximum: size } };
    const settings = { sizes, maximum: size, maximum_here: size, queue: ROUNDS, recycle_after: 1e9 };
    const pool = await startPool({ driver: memoryDriver(), settings });
    try {
      const all = await Promise.all(Array.from({ length: size }, () => pool.claim()));
      const lanes = all.splice(0, 8);
      await Promise.all(lanes.map((instance) => instance.release()));
      const holding = await watched(() => setTimeout(HOLD_MS));
      const claims: number[] = [];
      const begun = performance.now();
      const { p99, cpu } = await watched(() =>
        Promise.all(
          Array.from({ length: 8 }, async () => {
            for (let round = 0; round < ROUNDS / 8; round++) {
              const started = performance.now();
              const instance = await pool.claim();
              claims.push(performance.now() - started);
              await instance.call("worker/ping", {}, never);
              await instance.release();
            }
          }),
        ),
      );
      // The others are watched meanwhile, which is no part of an execution.
      const watching = (holding.cpu / HOLD_MS) * (performance.now() - begun);
      const cost = (cpu - watching) / ROUNDS;
      costs.push(cost);
      const where = `${size.toLocaleString("en")} instances`;
      report({
        ...{ name: `claim, median, ${where}`, value: median(claims), unit: "ms", against: null },
        ...{ goal: "under 5 ms", holds: median(claims) < 5 },
      });
      report({
        ...{ name: `claim, 99th percentile, ${where}`, value: percentile(claims, 99), unit: "ms" },
        ...{ against: null, goal: "", holds: null },
      });
      report({
        ...{ name: `event loop delay, 99th percentile, ${where}`, value: p99, unit: "ms" },
        against: await idleDelay(),
        ...{ goal: "under 20 ms", holds: p99 < 20 },
      });
      const [first = 0] = costs;
      report({
        ...{ name: `processor time per execution, ${where}`, value: cost, unit: "ms" },
        against: size === SIZES[0] ? null : { name: `with ${SIZES[0]}`, value: first },
        goal: size === SIZES[0] ? "" : "flat: under 1.5×",
        holds: size === SIZES[0] ? null : cost < 1.5 * first,
      });
      report({
        ...{ name: `processor time to watch, ${where}`, value: holding.cpu / (HOLD_MS / 1000), unit: "ms/s" },
        ...{ against: null, goal: "", holds: null },
      });
      await Promise.all(all.map((instance) => instance.release()));
    } finally {
      await pool.close();
    }
  }
};

const openAt = (folder: string): Promise<Store> =>
  openStore({
    ...{ folder, durability: "os", warn: () => undefined },
    retention: { days: null, runs: null, megabytes: null },
  });

/** As many tenants as the memory of this machine has room for, each with 50,000 small records. */
const measureTenants = async (report: Report["report"]): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "coditect-bench-tenants-"));
  const stores: Store[] = [];
  try {
    const filled = await openAt(join(folder, "0"));
    for (let first = 0; first < RECORDS; first += 1000)
      await filled.commit((transaction) => {
        for (let index = 0; index < 1000; index++)
          transaction.put("tasks", { ...aTask(), tenant_id: filled.tenantId, description: "Add." });
      });
    await filled.close();
    const before = process.memoryUsage().rss;
    const opening = performance.now();
    while (stores.length < TENANTS && freemem() > RESERVE_BYTES) {
      const place = join(folder, String(stores.length));
      const isState = (path: string): boolean => basename(path) !== "lock";
      if (stores.length > 0) await cp(join(folder, "0"), place, { recursive: true, filter: isState });
      stores.push(await openAt(place));
    }
    const opened = performance.now() - opening;
    const count = stores.length;
    const name = `${count} tenants × ${RECORDS.toLocaleString("en")} records`;
    report({
      ...{ name: `${name}, open one`, value: opened / count, unit: "ms", against: null },
      ...{ goal: `all ${TENANTS} fit`, holds: count === TENANTS },
    });
    report({
      ...{ name: `${name}, memory of one`, unit: "MB", against: null, goal: "", holds: null },
      value: (process.memoryUsage().rss - before) / MEGABYTE / count,
    });
    const commits: number[] = [];
    const { p99 } = await watched(() =>
      Promise.all(
        stores.map(async (store) => {
          for (let turn = 0; turn < 20; turn++) {
            const started = performance.now();
            await store.commit((transaction) => {
              transaction.put("tasks", { ...aTask(), tenant_id: store.tenantId });
            });
            commits.push(performance.now() - started);
          }
        }),
      ),
    );
    report({
      ...{ name: `${name}, commit, median, all at once`, value: median(commits), unit: "ms" },
      ...{ against: null, goal: "", holds: null },
    });
    report({
      ...{ name: `${name}, event loop delay, 99th percentile`, value: p99, unit: "ms" },
      against: await idleDelay(),
      ...{ goal: "under 20 ms", holds: p99 < 20 },
    });
  } finally {
    for (const store of stores) await store.close();
    await rm(folder, { recursive: true, force: true });
  }
};

/** A load generator of its own; `told` resolves with its next message. */
const startLoad = () => {
  const child = fork(new URL("servers/load.ts", import.meta.url));
  const told = async (): Promise<unknown> => {
    const [message] = (await once(child, "message")) as [unknown];
    return message;
  };
  return { child, told };
};

const measureListeners = async (report: Report["report"]): Promise<void> => {
  const runtime = testDispatch(tmpdir(), { checkResults: false });
  const server = await serveTest(Promise.resolve(runtime));
  const { child, told } = startLoad();
  try {
    child.send({ url: `${server.url}/api/events`, token: TOKEN, listeners: LISTENERS, events: EVENTS });
    await told();
    const emitting: number[] = [];
    const ended = told();
    const { p99, cpu } = await watched(async () => {
      for (let count = 0; count < EVENTS; count++) {
        const started = performance.now();
        runtime.emit({ type: "run.changed", at: NOW, task_id: aTask().task_id, status: "Running" });
        emitting.push(performance.now() - started);
        // As events come: one after the other, not in one turn.
        await setTimeout(20);
      }
      await ended;
    });
    const name = `${LISTENERS.toLocaleString("en")} event listeners`;
    report({
      ...{
        name: `${name}, what one event holds up its sender`,
        value: median(emitting),
        unit: "ms",
        against: null,
      },
      ...{ goal: "under 20 ms, and every listener gets every event", holds: median(emitting) < 20 },
    });
    report({
      ...{ name: `${name}, event loop delay, 99th percentile`, value: p99, unit: "ms" },
      against: await idleDelay(),
      ...{ goal: "under 20 ms", holds: p99 < 20 },
    });
    report({
      ...{ name: `${name}, processor time per event and listener`, unit: "µs", against: null },
      ...{ value: (cpu * 1000) / (EVENTS * LISTENERS), goal: "", holds: null },
    });
  } finally {
    child.disconnect();
    await server.close();
  }
};

/** Gets per second, measured from another process; the first ones warm both up. */
const getRate = async (url: string): Promise<number> => {
  const { child, told } = startLoad();
  try {
    const job = { url, token: TOKEN };
    child.send({ ...job, requests: REQUESTS / 10 });
    await told();
    child.send({ ...job, requests: REQUESTS });
    return REQUESTS / (Number(await told()) / 1000);
  } finally {
    child.disconnect();
  }
};

/** A handler of Fastify that answers with the same record, and checks nothing. */
const bareFastify = async (record: unknown): Promise<{ url: string; close: () => Promise<void> }> => {
  interface Fastify {
    get(path: string, handler: () => unknown): void;
    listen(where: { port: number; host: string }): Promise<string>;
    close(): Promise<void>;
  }
  // It is installed for benchmarks only, so its types are not here.
  const { default: fastify } = peers("fastify") as { default: () => Fastify };
  const server = fastify();
  server.get("/api/agents/:agent_id", () => record);
  return { url: await server.listen({ port: 0, host: "127.0.0.1" }), close: () => server.close() };
};

const measureRequests = async (report: Report["report"]): Promise<void> => {
  const runtime = testDispatch(tmpdir(), { checkResults: false });
  const server = await serveTest(Promise.resolve(runtime));
  try {
    const provider = { Ollama: { model: "m", endpoint: "http://127.0.0.1:1" } };
    const agent = await runtime.dispatch(
      "agents/create",
      { name: "Ada", agent_type: "Coder", provider },
      { role: "admin", surface: "rest" },
      never,
    );
    const path = `/api/agents/${agent.agent_id}`;
    const bare = hasPeer("fastify") ? await bareFastify(agent) : null;
    const [here, there]: [number[], number[]] = [[], []];
    // By turns, and the best of each: other programs slow down both, at different times.
    for (let turn = 0; turn < TURNS; turn++) {
      here.push(1000 / (await getRate(`${server.url}${path}`)));
      if (bare !== null) there.push(1000 / (await getRate(`${bare.url}${path}`)));
    }
    await bare?.close();
    const ours = Math.min(...here);
    const floor = bare === null ? null : Math.min(...there);
    report({
      ...{ name: "REST get of an agent, token and role checked", value: ours, unit: "ms" },
      against: floor === null ? null : { name: "a bare Fastify handler", value: floor },
      ...{ goal: "under 2×", holds: floor === null ? null : ours < 2 * floor },
    });
  } finally {
    await server.close();
  }
};
