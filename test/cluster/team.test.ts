import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openEngine } from "../../server/instances/drivers/docker/engine.ts";
import { listPods } from "../../server/instances/drivers/kubernetes/pods.ts";
import { workerEntry } from "../../server/platform/installation.ts";
import { never } from "../integration/instances/pool-harness.ts";
import { bundleWorkers } from "../support/bundled-workers.ts";
import { SOCKET } from "../support/cluster/node.ts";
import { realCluster } from "../support/cluster/real-cluster.ts";
import { resumesLikeUndisturbed } from "../support/killed-run.ts";
import { runTeam } from "../support/same-team.ts";
import type { TeamOutcome, TeamRequest } from "../support/same-team.ts";

const AWAY_MS = 60_000;
/** The kubelet looks once a minute for what it missed while the API server was away. */
const GONE_MS = 150_000;

describe("a TDD team in a real cluster", function () {
  this.timeout(600_000);
  const cluster = realCluster();
  let worker: string;
  const entry = () => ({ command: process.execPath, args: [worker] });
  let local: TeamOutcome;
  before(async () => {
    const program = await mkdtemp(join(tmpdir(), "coditect-program-"));
    await bundleWorkers(program, { worker: String(workerEntry().args[0]) });
    worker = join(program, "worker.cjs");
    process.env.KUBECONFIG = cluster().plane.kubeconfig("runtime");
    local = await runTeam({ runtime: "Local", worker: entry() });
    assert.notEqual(local.diff, "");
  });
  after(() => rm(join(worker, ".."), { recursive: true, force: true }));

  /** Resolves when neither the API server nor the node has anything of an instance. */
  const nothingIsLeft = async (): Promise<void> => {
    const left = async () => [
      ...(await listPods(cluster().plane.as("admin"), "app.kubernetes.io/managed-by=coditect", never)),
      ...(await cluster().node.containers()),
    ];
    const deadline = performance.now() + GONE_MS;
    while ((await left()).length > 0) {
      if (performance.now() > deadline) assert.deepEqual(await left(), []);
      await sleep(200);
    }
  };

  const inPods = (disturb?: TeamRequest["disturb"]): Promise<TeamOutcome> =>
    runTeam({ runtime: "Kubernetes", worker: entry(), ...(disturb !== undefined && { disturb }) });

  const isLikeLocal = (outcome: TeamOutcome): void => {
    assert.deepEqual([...outcome.ran], ["Kubernetes"]);
    assert.equal(outcome.diff, local.diff);
    assert.equal(outcome.requests, local.requests, "calls of the model");
  };

  it("has the same change set as on this machine, and leaves nothing", async () => {
    isLikeLocal(await inPods());
    await nothingIsLeft();
  });

  it("goes on when the worker's container is killed", async () => {
    const killed = Promise.withResolvers<undefined>();
    const outcome = await inPods(({ instance_id }) => {
      const kill = async (): Promise<void> => {
        const { client } = await openEngine({ socket: SOCKET });
        const filters = { name: [`k8s_worker_coditect-${instance_id}`] };
        const [container] = await client.listContainers({ filters });
        assert.ok(container, "the instance has a container");
        await client.getContainer(container.Id).kill();
      };
      kill().then(() => {
        killed.resolve(undefined);
      }, killed.reject);
    });
    await killed.promise;
    isLikeLocal(outcome);
    assert.ok(
      outcome.errors.some((text) => text !== ""),
      "an instance was lost",
    );
    await nothingIsLeft();
  });

  it("goes on when the kubelet is killed and started again", async () => {
    const restarted = Promise.withResolvers<undefined>();
    const outcome = await inPods(() => {
      const { kubelet } = cluster().node;
      const restart = async (): Promise<void> => {
        await kubelet.end("SIGKILL");
        kubelet.start();
        await cluster().node.ready();
      };
      restart().then(() => {
        restarted.resolve(undefined);
      }, restarted.reject);
    });
    await restarted.promise;
    isLikeLocal(outcome);
    await nothingIsLeft();
  });

  it("goes on when the API server is away for a minute", async () => {
    const back = Promise.withResolvers<undefined>();
    const outcome = await inPods(() => {
      const { apiServer } = cluster().plane;
      const restart = async (): Promise<void> => {
        await apiServer.end("SIGKILL");
        await sleep(AWAY_MS);
        apiServer.start();
        await cluster().plane.answers();
      };
      restart().then(() => {
        back.resolve(undefined);
      }, back.reject);
    });
    await back.promise;
    isLikeLocal(outcome);
    await nothingIsLeft();
  });

  it("resumes like one that was never killed, wherever its runtime was killed", async function () {
    // Each is a team of its own, in pods that start cold.
    this.timeout(1_800_000);
    const elsewhere = { CODITECT_TEST_RUNTIME: "Kubernetes", CODITECT_TEST_WORKER: worker };
    await resumesLikeUndisturbed({ team: "tdd", elsewhere }, 2, 6);
    await nothingIsLeft();
  });
});
