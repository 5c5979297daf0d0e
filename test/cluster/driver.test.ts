import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Settings } from "../../schemas/settings.ts";
import { KubernetesDriver } from "../../server/instances/drivers/kubernetes/driver.ts";
import { podName } from "../../server/instances/drivers/kubernetes/pod.ts";
import { listPods, PodTable } from "../../server/instances/drivers/kubernetes/pods.ts";
import type { Pod } from "../../server/instances/drivers/kubernetes/pods.ts";
import { workerEntry } from "../../server/platform/installation.ts";
import { conformance, pools } from "../integration/instances/conformance.ts";
import { never, testWorker } from "../integration/instances/pool-harness.ts";
import { wayOut } from "../integration/instances/way-out.ts";
import { bundleWorkers } from "../support/bundled-workers.ts";
import { realCluster } from "../support/cluster/real-cluster.ts";

/** The kubelet of a busy machine looks once a minute for what it missed. */
const GONE_MS = 90_000;

describe("instances as pods of a real cluster", () => {
  const cluster = realCluster();
  let program: string;
  before(async () => {
    program = await mkdtemp(join(tmpdir(), "coditect-program-"));
    await bundleWorkers(program, { test: String(testWorker.args[0]), real: String(workerEntry().args[0]) });
  });
  after(() => rm(program, { recursive: true, force: true }));

  const driverOf = (worker: "test" | "real", stateFolder = import.meta.filename) =>
    new KubernetesDriver({
      entry: { command: process.execPath, args: [join(program, `${worker}.cjs`)] },
      ...{ stateFolder, settings: Settings.parse({}).kubernetes },
      cluster: () => Promise.resolve(cluster().plane.as("runtime")),
    });
  const start = pools(() => driverOf("test"));
  const pods = async (): Promise<string[]> => {
    const found = await listPods(cluster().plane.as("admin"), "app.kubernetes.io/managed-by=coditect", never);
    return found.map(({ metadata }) => metadata.name);
  };

  it("leaves no pod when its instances are gone", async () => {
    const pool = await start();
    await Promise.all([pool.claim(), pool.claim()]);
    assert.equal((await pods()).length, 2);
    await pool.pool.close();
    assert.deepEqual(await pods(), []);
  });

  it("removes pods of an earlier runtime of the same state folder, and no others", async () => {
    const doomed = await start();
    const first = await doomed.claim();
    const other = await start({ driver: driverOf("test", "/another/state") });
    const second = await other.claim();
    assert.equal(await driverOf("test").removeOrphans(), 1);
    assert.equal(await driverOf("test", "/another/third").removeOrphans(), 0);
    // A pod that is deleted is there until its containers have ended.
    const left = new PodTable(cluster().plane.as("admin"), "app.kubernetes.io/managed-by=coditect");
    left.use();
    try {
      const isGone = (pod: Pod | null): boolean => pod === null;
      await left.until(podName(first.record().instance_id), isGone, AbortSignal.timeout(GONE_MS));
      assert.deepEqual(await pods(), [podName(second.record().instance_id)]);
    } finally {
      left.release();
    }
  });

  conformance(() => driverOf("test"));
  wayOut(() => driverOf("real"));
});
