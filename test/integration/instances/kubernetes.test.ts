import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { WorkerSpec } from "../../../server/instances/drivers/driver.ts";
import { KubernetesDriver } from "../../../server/instances/drivers/kubernetes/driver.ts";
import { checkCluster } from "../../../server/instances/drivers/kubernetes/setup.ts";
import { type WorkerEntry, workerEntry } from "../../../server/platform/installation.ts";
import { Settings } from "../../../schemas/settings.ts";
import type { RuntimeChoice } from "../../../schemas/agent.ts";
import type { ClaimedInstance } from "../../../server/instances/pool.ts";
import type { SettingsInput } from "../../../schemas/settings.ts";
import { poolSettings } from "../../../server/instances/settings.ts";
import { bundleWorkers } from "../../support/bundled-workers.ts";
import {
  type DoubleOptions,
  KubernetesDouble,
  whyNoKubernetesDouble,
} from "../../support/kubernetes/api-double.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { conformance, pools } from "./conformance.ts";
import { behaviour, localDriver, never, testWorker } from "./pool-harness.ts";
import { wayOut } from "./way-out.ts";

const reason = await whyNoKubernetesDouble();

/** The bundled workers of a suite, by name. */
const bundledWorkers = () => {
  let program: string;
  before(async () => {
    program = await mkdtemp(join(tmpdir(), "coditect-program-"));
    await bundleWorkers(program, { test: String(testWorker.args[0]), real: String(workerEntry().args[0]) });
  });
  after(() => rm(program, { recursive: true, force: true }));
  return (worker: "test" | "real") => ({
    command: process.execPath,
    args: [join(program, `${worker}.cjs`)],
  });
};

const podsOf = (
  entry: WorkerEntry,
  cluster: () => KubernetesDouble,
  settings: SettingsInput["kubernetes"] = {},
) =>
  new KubernetesDriver({
    entry,
    stateFolder: import.meta.filename,
    settings: Settings.parse({ kubernetes: settings }).kubernetes,
    cluster: () => cluster().cluster(),
  });

describe("instances as pods", function () {
  skipUnlessNull(this, reason);
  let double: KubernetesDouble;
  const entryOf = bundledWorkers();
  beforeEach(async () => {
    double = await KubernetesDouble.start();
  });
  const driverOf = (settings: SettingsInput["kubernetes"]) => podsOf(entryOf("test"), () => double, settings);
  const driver = () => driverOf({});
  const start = pools(driver);

  it("leaves no pod when its instances are gone", async () => {
    const pool = await start();
    await Promise.all([pool.claim(), pool.claim()]);
    assert.equal(double.pods().length, 2);
    await pool.pool.close();
    assert.deepEqual(double.pods(), []);
  });

  it("ends the worker's input when an old API server closes the connection for it", async () => {
    await double.close();
    double = await KubernetesDouble.start({ hasVersion5: false });
    const pool = await start();
    const instance = await pool.claim();
    const { summary } = await instance.call("execution/run", behaviour("work"), never);
    assert.equal(summary, "done");
  });

  const taken: [name: string, status: object, how: RegExp][] = [
    [
      "evicted",
      { phase: "Failed", reason: "Evicted", message: "low on memory" },
      /its node evicted it: low on memory/,
    ],
    ["preempted", { phase: "Failed", reason: "Preempting" }, /higher priority took its place/],
    ["past its deadline", { phase: "Failed", reason: "DeadlineExceeded" }, /reached its deadline/],
    ["on a node that went away", { phase: "Failed", reason: "NodeLost" }, /its node went away/],
    [
      "out of memory",
      {
        phase: "Failed",
        containerStatuses: [
          { name: "worker", state: { terminated: { exitCode: 137, reason: "OOMKilled" } } },
        ],
      },
      /out of memory: over \d+ MB/,
    ],
  ];
  for (const [name, status, how] of taken) {
    it(`names why a pod is gone, and goes on with another: ${name}`, async () => {
      const pool = await start();
      const instance = await pool.claim();
      const call = instance.call("execution/run", behaviour("hang"), never);
      const rejected = assert.rejects(call, { code: "worker_died", message: how });
      const [pod = ""] = double.pods();
      await double.takeAway(pod, status);
      await rejected;
      const next = await pool.claim();
      assert.equal((await next.call("execution/run", behaviour("work"), never)).summary, "done");
      assert.ok(!double.pods().includes(pod));
    });
  }

  it("starts an instance when the API server comes back", async () => {
    const pool = await start();
    await double.vanish();
    const claiming = Promise.all([pool.claim(), pool.claim()]);
    await double.listen();
    const [one] = await claiming;
    assert.equal((await one.call("execution/run", behaviour("work"), never)).summary, "done");
  });

  it("removes pods of an earlier runtime of the same state folder, and no others", async () => {
    const doomed = await start();
    await doomed.claim();
    const foreign = new KubernetesDriver({
      ...{ entry: entryOf("test"), settings: Settings.parse({}).kubernetes },
      stateFolder: "/another/state",
      cluster: () => double.cluster(),
    });
    const other = await start({ driver: foreign });
    await other.claim();
    assert.equal(double.pods().length, 2);
    assert.equal(await driver().removeOrphans(), 1);
    assert.equal(await foreign.removeOrphans(), 0);
  });

  it("refuses an instance that can reach the API server, and names it", async () => {
    await double.close();
    double = await KubernetesDouble.start({ sharesNetwork: true });
    const pool = await start();
    await assert.rejects(pool.claim(), { code: "instance_exposed", message: /the API server/ });
    assert.deepEqual(double.pods(), []);
    const places = ["api_server", "dns", "metadata", "internet", "pods"] as const;
    const lenient = await start({ driver: driverOf({ allow_reachable: [...places] }) });
    const instance = await lenient.claim();
    const { reachable } = z
      .object({ reachable: z.array(z.string()) })
      .parse(instance.record().metadata.provider_metadata);
    assert.ok(reachable.includes("api_server"));
  });

  describe("with a claim that keeps the workspace", () => {
    const settings = Settings.parse({ kubernetes: { cache_claim: "kept" } });
    const createClaim = async (accessModes: string[]): Promise<void> => {
      const body = {
        ...{ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "kept" } },
        spec: { accessModes, resources: { requests: { storage: "10Gi" } } },
      };
      const path = "/api/v1/namespaces/coditect/persistentvolumeclaims";
      await (await double.cluster()).ask(z.unknown(), "POST", path, { body }, never);
    };
    const problems = async (): Promise<(string | null)[]> =>
      (await checkCluster(await double.cluster(), settings, never))
        .filter(({ title }) => title === "PersistentVolumeClaim kept")
        .map(({ problem }) => problem);

    it("sends it once, and the next pod gets only the list", async () => {
      assert.match((await problems())[0] ?? "", /^missing; /);
      await createClaim(["ReadWriteMany"]);
      assert.deepEqual(await problems(), [null]);
      const pool = await start({ driver: driverOf({ cache_claim: "kept" }) });
      await writeFile(join(pool.workspace, "large"), randomBytes(2_000_000));
      const claim = async () => {
        const instance = await pool.claim();
        const { runtime_id, provider_metadata } = instance.record().metadata;
        const { cache } = z
          .object({ cache: z.object({ claim: z.literal("kept"), packs: z.int(), sent: z.int() }) })
          .parse(provider_metadata);
        assert.equal((await instance.call("execution/run", behaviour("work"), never)).summary, "done");
        return { ...cache, bytes: double.kubelet.container(runtime_id, "files")?.received ?? 0 };
      };
      const [first, second] = [await claim(), await claim()];
      assert.deepEqual([first.sent, second.packs, second.sent], [first.packs, first.packs, 0]);
      assert.ok(first.bytes > 2_000_000, `${first.bytes} bytes`);
      assert.ok(second.bytes > 0 && second.bytes < 2000, `${second.bytes} bytes`);
      const mounts = z
        .object({
          spec: z.object({
            containers: z.array(
              z.object({ name: z.string(), volumeMounts: z.array(z.object({ name: z.string() })) }),
            ),
          }),
        })
        .parse(double.objects.get("/coditect/pods", double.pods()[0] ?? ""))
        .spec.containers.filter(({ volumeMounts }) => volumeMounts.some(({ name }) => name === "cache"))
        .map(({ name }) => name);
      assert.deepEqual(mounts, ["files"], "containers that see the cache");
    });

    it("works without it if the claim is missing or cannot be shared, and says so once", async () => {
      const said: string[] = [];
      const driverThatSays = () =>
        new KubernetesDriver({
          ...{ entry: entryOf("test"), stateFolder: import.meta.filename, settings: settings.kubernetes },
          ...{ cluster: () => double.cluster(), warn: (problem) => said.push(problem) },
        });
      const pool = await start({ driver: driverThatSays() });
      for (const instance of [await pool.claim(), await pool.claim()])
        assert.equal((await instance.call("execution/run", behaviour("work"), never)).summary, "done");
      await createClaim(["ReadOnlyMany"]);
      await (await start({ driver: driverThatSays() })).claim();
      const says = (why: string) =>
        `The workspace cache in the claim kept is not used: ${why}. Each pod gets the whole workspace.`;
      const modes = "its access modes are ReadOnlyMany, not ReadWriteMany or ReadWriteOnce";
      assert.deepEqual(said, [says("missing"), says(modes)]);
    });
  });

  /** The first thing that a start waits for; the start is cancelled then. */
  const firstWait = async (): Promise<string> => {
    const given = new AbortController();
    const folder = import.meta.dirname;
    const spec: WorkerSpec = {
      ...{ instance_id: randomUUID(), workspace: folder, copy: folder, readable: [], hidden: [] },
      ...{ image: null, limits: poolSettings(Settings.parse({})).limits },
      ...{ egress_socket: null, egress_loopback: null, egress_on_request: false },
    };
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const starting = driver().start(spec, given.signal, (waitsFor) => {
      if (waitsFor !== null) resolve(waitsFor);
    });
    starting.catch(reject);
    return promise.finally(() => {
      given.abort();
    });
  };
  const unscheduled = (message: string, reason = "Unschedulable") => ({
    conditions: [{ type: "PodScheduled", status: "False", reason, message }],
  });
  const waiting = (reason: string, message?: string) => ({
    containerStatuses: [{ name: "worker", state: { waiting: { reason, message } } }],
  });
  const waits: [pending: object, tells: string][] = [
    [unscheduled("3 Insufficient memory."), "no node can take its pod: 3 Insufficient memory"],
    [unscheduled("untolerated taint {gpu: }"), "no node can take its pod: untolerated taint {gpu: }"],
    [
      unscheduled("a gate", "SchedulingGated"),
      "its pod is held back from scheduling, for example by a queue: a gate",
    ],
    [waiting("ErrImagePull", "no such host"), "a container of its pod waits (ErrImagePull): no such host"],
    [waiting("ContainerCreating"), "a container of its pod waits (ContainerCreating)"],
  ];
  for (const [pending, tells] of waits)
    it(`tells what a pod waits for: ${tells}`, async () => {
      await double.close();
      double = await KubernetesDouble.start({ pending });
      assert.equal(await firstWait(), tells);
    });

  it("tells that the API server does not answer", async () => {
    await double.vanish();
    assert.match(await firstWait(), /^the API server does not answer: /);
  });

  const refusals: [options: DoubleOptions, says: RegExp][] = [
    [{ pending: waiting("ImagePullBackOff", "denied") }, /does not start: ImagePullBackOff: denied/],
    [{ refusesPods: "exceeded quota: team, requested: pods=1" }, /exceeded quota: team, requested: pods=1/],
  ];
  for (const [options, message] of refusals)
    it(`gives up at once where waiting does not help: ${message.source}`, async () => {
      await double.close();
      double = await KubernetesDouble.start(options);
      await assert.rejects((await start()).claim(), { message });
    });

  it("takes what this machine has no place for, and what it has no memory for", async () => {
    const pool = await start({
      drivers: { Local: localDriver({ entry: entryOf("test") }), Kubernetes: driver() },
      settings: { maximum_here: 1, machine_memory_mb: 1024 },
    });
    const runtime: RuntimeChoice = ["Local", "Kubernetes"];
    const [here, there] = [await pool.claim({ runtime }), await pool.claim({ runtime })];
    const where = (one: ClaimedInstance) => one.record().metadata.runtime_type;
    assert.deepEqual([where(here), where(there)], ["Local", "Kubernetes"]);
    for (const one of [here, there]) {
      assert.equal((await one.call("execution/run", behaviour("work"), never)).summary, "done");
      await one.release();
    }
    const agent = pool.agent();
    const large = { ...agent, settings: { ...agent.settings, memory_mb: 2000 } };
    assert.equal(where(await pool.claim({ runtime, agent: large })), "Kubernetes");
  });

  // After the pools are closed: their pods are removed there.
  afterEach(() => double.close());
});

describe("instances as pods of one API server", function () {
  skipUnlessNull(this, reason);
  let double: KubernetesDouble;
  const entryOf = bundledWorkers();
  before(async () => {
    double = await KubernetesDouble.start();
  });
  conformance(() => podsOf(entryOf("test"), () => double));
  wayOut(() => podsOf(entryOf("real"), () => double));
  after(() => double.close());
});
