import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workerEntry } from "../../../server/platform/installation.ts";
import { bundleWorkers } from "../../support/bundled-workers.ts";
import { runCommand } from "../../support/command.ts";
import { KubernetesDouble, whyNoKubernetesDouble } from "../../support/kubernetes/api-double.ts";
import { localTeam, runTeam } from "../../support/same-team.ts";
import { skipUnlessNull } from "../../support/skip.ts";

const reason = await whyNoKubernetesDouble();

describe("a cluster", function () {
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

  it("runs the TDD team with the same change set as in local processes, although a pod is evicted", async () => {
    const worker = { command: process.execPath, args: [join(program, "worker.cjs")] };
    const local = await localTeam(worker);
    const disturbed = await runTeam({
      runtime: "Kubernetes",
      worker,
      disturb: ({ instance_id }) => {
        void double.takeAway(`coditect-${instance_id}`, { phase: "Failed", reason: "Evicted" });
      },
    });
    assert.deepEqual([...local.ran, ...disturbed.ran], ["Local", "Kubernetes"]);
    assert.notEqual(local.diff, "");
    assert.equal(disturbed.diff, local.diff);
    assert.equal(disturbed.requests, local.requests);
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
