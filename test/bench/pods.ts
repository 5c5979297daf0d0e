import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { Settings } from "../../schemas/settings.ts";
import {
  DEFAULT_IMAGE,
  WORKER_LIBRARIES,
  WORKER_NODE,
} from "../../server/instances/drivers/docker/container.ts";
import type { Cluster } from "../../server/instances/drivers/kubernetes/cluster.ts";
import { KubernetesDriver } from "../../server/instances/drivers/kubernetes/driver.ts";
import { deletePod, Pod, podsPath, PodTable } from "../../server/instances/drivers/kubernetes/pods.ts";
import type { ClaimedInstance } from "../../server/instances/pool.ts";
import { workerEntry } from "../../server/platform/installation.ts";
import { never, startPool } from "../integration/instances/pool-harness.ts";
import { bundleWorkers } from "../support/bundled-workers.ts";
import { startCluster } from "../support/cluster/start.ts";
import { median, type Report } from "./report.ts";

/** When the parts of a start were done. */
const Started = z.object({ start_ms: z.record(z.string(), z.number()) });
const COLD = 5;
const WARM = 50;

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return performance.now() - started;
};

/** Milliseconds until Kubernetes says that a pod with nothing but Node of the same image runs. */
const barePod = async (cluster: Cluster): Promise<number> => {
  const name = `bare-${randomUUID()}`;
  const resources = { cpu: "500m", memory: "128Mi", "ephemeral-storage": "64Mi" };
  const container = {
    ...{ name: "node", image: DEFAULT_IMAGE, imagePullPolicy: "IfNotPresent" },
    command: [WORKER_NODE, "-e", "setInterval(() => {}, 1e6)"],
    env: [{ name: "LD_LIBRARY_PATH", value: WORKER_LIBRARIES }],
    resources: { limits: resources, requests: resources },
  };
  const body = {
    ...{ apiVersion: "v1", kind: "Pod", metadata: { name, labels: { bare: "yes" } } },
    spec: { restartPolicy: "Never", terminationGracePeriodSeconds: 0, containers: [container] },
  };
  const table = new PodTable(cluster, "bare=yes");
  table.use();
  try {
    return await timed(async () => {
      await cluster.ask(Pod, "POST", podsPath(cluster.namespace), { body }, never);
      await table.until(name, (pod) => pod?.status.phase === "Running", never);
    });
  } finally {
    await deletePod(cluster, name, never);
    await table.until(name, (pod) => pod === null, never);
    table.release();
  }
};

/** Instances as pods of the real cluster of `npm run test:cluster -- --bench`; elsewhere there is none. */
export default async function run({ report }: Report): Promise<void> {
  if (process.env.CODITECT_TEST_CLUSTER === undefined) return;
  const { plane, node } = await startCluster();
  const program = await mkdtemp(join(tmpdir(), "coditect-program-"));
  await bundleWorkers(program, { real: String(workerEntry().args[0]) });
  const driver = new KubernetesDriver({
    entry: { command: process.execPath, args: [join(program, "real.cjs")] },
    ...{ stateFolder: import.meta.filename, settings: Settings.parse({}).kubernetes },
    cluster: () => Promise.resolve(plane.as("runtime")),
  });
  const cold: number[] = [];
  const parts: Record<string, number>[] = [];
  const bare: number[] = [];
  for (let count = 0; count < COLD; count += 1) {
    bare.push(await barePod(plane.as("admin")));
    const pool = await startPool({ driver });
    cold.push(
      await timed(async () => {
        const instance = await pool.claim();
        parts.push(Started.parse(instance.record().metadata.provider_metadata).start_ms);
      }),
    );
    await pool.close();
  }
  const against = { name: "a bare pod of the same image", value: median(bare) };
  report({
    ...{ name: "cold pod until its instance can work", value: median(cold), unit: "ms", against },
    goal: "under 1.3 times a bare pod",
    holds: median(cold) < 1.3 * against.value,
  });
  for (const part of Object.keys(parts[0] ?? {})) {
    const value = median(parts.map((each) => each[part] ?? 0));
    const figure = { name: `of it, until: ${part}`, value, unit: "ms", against: null };
    report({ ...figure, goal: "", holds: null });
  }
  const pool = await startPool({ driver });
  await (await pool.claim()).release();
  const claims: number[] = [];
  const returns: number[] = [];
  for (let count = 0; count < WARM; count += 1) {
    let instance: ClaimedInstance | null = null;
    claims.push(
      await timed(async () => {
        instance = await pool.claim();
      }),
    );
    returns.push(await timed(async () => instance?.release()));
  }
  report({
    ...{ name: "claim of a warm pod", value: median(claims), unit: "ms", against: null },
    goal: "under 5 ms",
    holds: median(claims) < 5,
  });
  const returned = { name: "its return to the pool", value: median(returns), unit: "ms", against: null };
  report({ ...returned, goal: "", holds: null });
  await pool.close();
  await rm(program, { recursive: true, force: true });
  await node.close();
  await plane.close();
}
