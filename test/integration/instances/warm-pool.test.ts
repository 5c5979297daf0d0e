import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { Settings, type SettingsInput } from "../../../schemas/settings.ts";
import { KubernetesDriver } from "../../../server/instances/drivers/kubernetes/driver.ts";
import type { Manifest } from "../../../server/instances/drivers/kubernetes/manifests.ts";
import { warmPoolOf } from "../../../server/instances/drivers/kubernetes/warm-pool.ts";
import { bundleWorkers } from "../../support/bundled-workers.ts";
import { KubernetesDouble, whyNoKubernetesDouble } from "../../support/kubernetes/api-double.ts";
import { SandboxController } from "../../support/kubernetes/sandbox-controller.ts";
import { loadValidator } from "../../support/kubernetes/validate.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { pools } from "./conformance.ts";
import { behaviour, never, testWorker } from "./pool-harness.ts";

const reason = await whyNoKubernetesDouble();

const CLAIMS = "extensions.agents.x-k8s.io/coditect/sandboxclaims";
const Worker = z.looseObject({
  spec: z.looseObject({
    podTemplate: z.looseObject({
      spec: z.looseObject({
        containers: z.array(
          z.looseObject({ name: z.string(), securityContext: z.record(z.string(), z.unknown()) }),
        ),
      }),
    }),
  }),
});

describe("instances from a warm pool of agent-sandbox", function () {
  skipUnlessNull(this, reason);
  let double: KubernetesDouble;
  let program: string;
  let controller: SandboxController | null;
  before(async () => {
    program = await mkdtemp(join(tmpdir(), "coditect-program-"));
    await bundleWorkers(program, { test: String(testWorker.args[0]) });
  });
  after(() => rm(program, { recursive: true, force: true }));

  const entry = () => ({ command: process.execPath, args: [join(program, "test.cjs")] });
  const settingsOf = (kubernetes: SettingsInput["kubernetes"] = {}) =>
    Settings.parse({ kubernetes: { warm_pool: "ready", ...kubernetes }, permissions: "refuse" });
  const driverOf = (kubernetes: SettingsInput["kubernetes"] = {}) =>
    new KubernetesDriver({
      ...{ entry: entry(), stateFolder: import.meta.filename, settings: settingsOf(kubernetes).kubernetes },
      cluster: () => double.cluster(),
    });
  beforeEach(async () => {
    controller = null;
    double = await KubernetesDouble.start({ hasSandboxes: true });
  });
  const start = pools(() => driverOf());
  // Behind the pools, whose instances it ends.
  afterEach(async () => {
    await controller?.close();
    await double.close();
  });

  const serve = async (
    workspace: string,
    change: (template: Manifest) => unknown = (template) => template,
  ) => {
    const [template, pool] = warmPoolOf(workspace, settingsOf(), {
      name: "ready",
      replicas: 1,
      entry: entry(),
    });
    controller = new SandboxController(await double.cluster(), change(template), pool);
    await controller.start();
    return controller;
  };
  const claims = (): string[] => double.objects.list(CLAIMS, null).map(({ metadata }) => metadata.name);

  it("claims a ready pod, works in it, and returns it", async () => {
    const pool = await start();
    const { ready } = await serve(pool.workspace);
    const [waiting = ""] = ready;
    const instance = await pool.claim();
    assert.equal(instance.record().metadata.runtime_id, waiting);
    assert.deepEqual(claims(), [`coditect-${instance.record().instance_id}`]);
    assert.equal((await instance.call("execution/run", behaviour("work"), never)).summary, "done");
    await pool.pool.close();
    assert.deepEqual(claims(), []);
    assert.ok(!double.pods().includes(waiting), "a pod that saw a workspace is used by nobody else");
    assert.ok(
      !double.requests.some(
        (one) => one.startsWith("DELETE") && one.includes("coditect-") && one.includes("/pods/"),
      ),
    );
  });

  it("creates pods if the cluster does not have the controller", async () => {
    await double.close();
    double = await KubernetesDouble.start();
    const pool = await start();
    const instance = await pool.claim();
    assert.equal(instance.record().metadata.runtime_id, `coditect-${instance.record().instance_id}`);
  });

  it("refuses a pod that is less confined than its own pods, and returns it", async () => {
    const pool = await start();
    await serve(pool.workspace, (template) => {
      const loose = Worker.parse(structuredClone(template));
      const { containers } = loose.spec.podTemplate.spec;
      for (const { securityContext } of containers) securityContext.allowPrivilegeEscalation = true;
      return loose;
    });
    await assert.rejects(pool.claim(), {
      code: "warm_pod_differs",
      message: /spec\.containers\.worker\.securityContext\.allowPrivilegeEscalation/,
    });
    assert.deepEqual(claims(), []);
    const path = (name: string) => `spec.containers.${name}.securityContext.allowPrivilegeEscalation`;
    const lenient = await start({ driver: driverOf({ patch_allowed: [path("worker"), path("files")] }) });
    // The pool's volumes are at the places of the other workspace's folders.
    await assert.rejects(lenient.claim(), { code: "warm_pod_differs", message: /volumeMounts/ });
    const same = await lenient.claim({ workspace: pool.workspace });
    assert.equal((await same.call("execution/run", behaviour("work"), never)).summary, "done");
  });

  it("measures the isolation of a claimed pod, too", async () => {
    await double.close();
    double = await KubernetesDouble.start({ hasSandboxes: true, sharesNetwork: true });
    const pool = await start();
    await serve(pool.workspace);
    await assert.rejects(pool.claim(), { code: "instance_exposed", message: /the API server/ });
    assert.deepEqual(claims(), []);
  });

  it("returns pods that an earlier runtime of the same state folder claimed", async () => {
    const doomed = await start();
    await serve(doomed.workspace);
    await doomed.claim();
    assert.equal(claims().length, 1);
    assert.equal(await driverOf().removeOrphans(), 1);
    assert.deepEqual(claims(), []);
  });

  it("prints a template and a pool that the published definitions allow", async () => {
    const validate = await loadValidator();
    const [template, pool] = warmPoolOf("/work space", settingsOf(), {
      ...{ name: "ready", replicas: 3, entry: entry() },
    });
    assert.equal(validate(template), null);
    assert.equal(validate(pool), null);
    assert.match(
      validate({ ...pool, spec: { ...z.record(z.string(), z.unknown()).parse(pool.spec), size: 1 } }) ?? "",
      /additional/,
    );
    const { podTemplate } = Worker.parse(template).spec;
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "one" }, spec: podTemplate.spec };
    assert.equal(validate(pod), null);
  });
});
