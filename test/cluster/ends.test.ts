import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { Settings } from "../../schemas/settings.ts";
import type { SettingsInput } from "../../schemas/settings.ts";
import { KubernetesDriver } from "../../server/instances/drivers/kubernetes/driver.ts";
import type { ClaimedInstance } from "../../server/instances/pool.ts";
import { behaviour, never, startPool, testWorker } from "../integration/instances/pool-harness.ts";
import type { PoolUnderTest } from "../integration/instances/pool-harness.ts";
import { bundleWorkers } from "../support/bundled-workers.ts";
import { NODE } from "../support/cluster/node.ts";
import { realCluster } from "../support/cluster/real-cluster.ts";

const pods = "/api/v1/namespaces/coditect/pods";
const Any = z.unknown();

describe("the end of a pod in a real cluster", () => {
  const cluster = realCluster();
  let program: string;
  before(async () => {
    program = await mkdtemp(join(tmpdir(), "coditect-program-"));
    await bundleWorkers(program, { test: String(testWorker.args[0]) });
  });
  after(() => rm(program, { recursive: true, force: true }));
  const opened: PoolUnderTest[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((pool) => pool.close()));
  });

  const start = async (settings: SettingsInput["kubernetes"] = {}): Promise<PoolUnderTest> => {
    const driver = new KubernetesDriver({
      entry: { command: process.execPath, args: [join(program, "test.cjs")] },
      ...{ stateFolder: import.meta.filename, settings: Settings.parse({ kubernetes: settings }).kubernetes },
      cluster: () => Promise.resolve(cluster().plane.as("runtime")),
    });
    const pool = await startPool({ driver });
    opened.push(pool);
    return pool;
  };
  const podOf = (instance: ClaimedInstance): string => `coditect-${instance.record().instance_id}`;
  const admin = () => cluster().plane.as("admin");

  /** The instance's end has this reason, and the next claim is served. */
  const endsAs = async (
    pool: PoolUnderTest,
    how: RegExp,
    take: (instance: ClaimedInstance) => Promise<void>,
  ): Promise<void> => {
    const instance = await pool.claim();
    const call = instance.call("execution/run", behaviour("hang"), never);
    const rejected = assert.rejects(call, { code: "worker_died", message: how });
    await take(instance);
    await rejected;
    const next = await pool.claim();
    assert.equal((await next.call("execution/run", behaviour("work"), never)).summary, "done");
  };

  it("is named when the API server evicts it", async () => {
    await endsAs(await start(), /its pod was deleted/, async (instance) => {
      const name = podOf(instance);
      const body = {
        apiVersion: "policy/v1beta1",
        kind: "Eviction",
        metadata: { name, namespace: "coditect" },
      };
      await admin().ask(Any, "POST", `${pods}/${name}/eviction`, { body }, never);
    });
  });

  it("is named when it is past its deadline", async () => {
    // The settings take no deadline as short as a test wants it; a patch may.
    const patch = { spec: { activeDeadlineSeconds: 8 } };
    const pool = await start({ patch, patch_allowed: ["spec.activeDeadlineSeconds"] });
    const instance = await pool.claim();
    await assert.rejects(instance.call("execution/run", behaviour("hang"), never), {
      code: "worker_died",
      message: /reached its deadline/,
    });
  });

  it("is named when the kernel ends it for its memory", async () => {
    const pool = await start();
    pool.settings.limits.memory_mb = 300;
    // Nothing but the kernel looks.
    pool.settings.watch_ms = 3_600_000;
    const instance = await pool.claim();
    await assert.rejects(instance.call("execution/run", behaviour("fill memory"), never), {
      code: "worker_died",
      message: /out of memory/,
    });
  });

  // This version of Kubernetes deletes what it preempts, without a word on why.
  it("is named when a pod with a higher priority takes its place", async () => {
    const classes = "/apis/scheduling.k8s.io/v1/priorityclasses";
    const body = { apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata: { name: "first" } };
    await admin().ask(Any, "POST", classes, { body: { ...body, value: 1000 } }, never);
    const Node = z.object({ status: z.object({ allocatable: z.object({ cpu: z.string() }) }) });
    const { status } = await admin().ask(Node, "GET", `/api/v1/nodes/${NODE}`, {}, never);
    const all = `${Number(status.allocatable.cpu) * 1000 - 100}m`;
    const pool = await start();
    const instance = await pool.claim();
    const call = instance.call("execution/run", behaviour("hang"), never);
    const rejected = assert.rejects(call, { code: "worker_died", message: /its pod was deleted/ });
    const container = { name: "all", image: "coditect-worker", resources: { requests: { cpu: all } } };
    const greedy = {
      ...{ apiVersion: "v1", kind: "Pod", metadata: { name: "greedy" } },
      spec: { priorityClassName: "first", restartPolicy: "Never", containers: [container] },
    };
    // In a namespace without our quota.
    const others = "/api/v1/namespaces/default/pods";
    await admin().ask(Any, "POST", others, { body: greedy }, never);
    try {
      await rejected;
    } finally {
      const gone = { body: { gracePeriodSeconds: 0 } };
      await admin().ask(Any, "DELETE", `${others}/greedy`, gone, never);
    }
  });
});
