import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shippedPath, workerEntry } from "../../../server/platform/installation.ts";
import { builtInScript, rehearsalProvider } from "../../../server/rehearsal/built-in.ts";
import { startRehearsal } from "../../../server/rehearsal/server.ts";
import { startRuntime } from "../../harness.ts";
import { bundleWorkers } from "../../support/bundled-workers.ts";
import { runCommand } from "../../support/command.ts";
import { KubernetesDouble, whyNoKubernetesDouble } from "../../support/kubernetes/api-double.ts";
import { skipUnlessNull } from "../../support/skip.ts";

const reason = await whyNoKubernetesDouble();

describe("a cluster", function () {
  this.timeout(120_000);
  skipUnlessNull(this, reason);
  const kubeconfigBefore = process.env.KUBECONFIG;
  let double: KubernetesDouble;
  let program: string;
  before(async () => {
    program = await mkdtemp(join(tmpdir(), "coditect-program-"));
    await bundleWorkers(program, { worker: String(workerEntry().args[0]) });
  });
  beforeEach(async () => {
    double = await KubernetesDouble.start();
    process.env.KUBECONFIG = await double.writeKubeconfig();
  });
  afterEach(async () => {
    if (kubeconfigBefore === undefined) delete process.env.KUBECONFIG;
    else process.env.KUBECONFIG = kubeconfigBefore;
    await double.close();
  });
  after(() => rm(program, { recursive: true, force: true }));

  /** Runs the TDD team on the sample project; `isDisturbed`: the pod at work is evicted once. */
  const runTeam = async (runtime: "Local" | "Kubernetes", isDisturbed = false) => {
    const script = await builtInScript("tdd");
    const model = await startRehearsal([script]);
    const project = await startRuntime({
      project: shippedPath("media", "sample"),
      settings: { provider: rehearsalProvider(model), runtime, unconfined: "allow" },
      worker: { command: process.execPath, args: [join(program, "worker.cjs")] },
    });
    try {
      if (isDisturbed) {
        void project
          .event("instance.changed", ({ instance }) => instance.state === "Working")
          .then(({ instance }) =>
            double.takeAway(`coditect-${instance.instance_id}`, { phase: "Failed", reason: "Evicted" }),
          );
      }
      const finished = await project.run("tdd", { task: script.task, file: script.file });
      assert.equal(finished.status, "Succeeded", finished.error?.message);
      const { diff } = await project.call("changes/get", { task_id: finished.task_id });
      const instances = project.runtime.store.all("instances");
      return {
        diff,
        ran: new Set(instances.map(({ metadata }) => metadata.runtime_type)),
        errors: instances.map(({ health }) => health.error_message ?? ""),
      };
    } finally {
      await project.close();
      await model.close();
    }
  };

  it("runs the TDD team with the same change set as in local processes, also when a pod is evicted", async () => {
    const local = await runTeam("Local");
    const pods = await runTeam("Kubernetes");
    const disturbed = await runTeam("Kubernetes", true);
    assert.deepEqual([...local.ran, ...pods.ran, ...disturbed.ran], ["Local", "Kubernetes", "Kubernetes"]);
    assert.notEqual(local.diff, "");
    assert.equal(pods.diff, local.diff);
    assert.equal(disturbed.diff, local.diff);
    assert.ok(
      disturbed.errors.some((text) => text.includes("evicted")),
      disturbed.errors.join(),
    );
    assert.deepEqual(double.pods(), []);
  });

  it("is set up once, checked, and printed as manifests", async () => {
    const folder = await mkdtemp(join(tmpdir(), "coditect-cluster-"));
    const environment = { KUBECONFIG: process.env.KUBECONFIG, XDG_CONFIG_HOME: join(folder, "config") };
    const cluster = async (verb: string) => {
      const result = await runCommand(["cluster", verb, "--json"], { folder, environment });
      const lines = result.stdout.split("\n").filter((line) => line !== "");
      return { code: result.exit_code, lines, stderr: result.stderr };
    };
    try {
      const missing = await cluster("check");
      assert.equal(missing.code, 1, missing.stderr);
      assert.match(missing.lines.join("\n"), /"Namespace coditect","problem":"missing"/);
      const [first, second] = [await cluster("setup"), await cluster("setup")];
      assert.equal(first.code, 0, first.stderr);
      assert.ok(first.lines.every((line) => line.includes('"created":true')));
      assert.ok(second.lines.every((line) => line.includes('"created":false')));
      const left = (await cluster("check")).lines.filter((line) => !line.includes('"problem":null'));
      assert.deepEqual(left.length, 1);
      assert.match(left[0] ?? "", /kubernetes\.image/);
      const { lines } = await cluster("manifests");
      assert.equal(lines.length, first.lines.length);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
