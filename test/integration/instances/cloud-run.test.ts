import assert from "node:assert/strict";
import { z } from "zod";
import { Settings } from "../../../schemas/settings.ts";
import type { SettingsInput } from "../../../schemas/settings.ts";
import { checkCloudRun } from "../../../server/instances/drivers/cloud-run/check.ts";
import { CloudRunDriver } from "../../../server/instances/drivers/cloud-run/driver.ts";
import { workerEntry } from "../../../server/platform/installation.ts";
import { type CloudRunDouble, REGION, whyNoCloudRunDouble } from "../../support/cloud-run/double.ts";
import { cloudRunSettings, cloudRunTestbed } from "../../support/cloud-run/testbed.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { conformance, pools } from "./conformance.ts";
import { behaviour, command, never, testWorker } from "./pool-harness.ts";
import { wayOut } from "./way-out.ts";

const reason = await whyNoCloudRunDouble();

describe("instances in Cloud Run", function () {
  skipUnlessNull(this, reason);
  const [test, real] = [testWorker, workerEntry()].map(({ args }) => String(args[0]));
  const bed = cloudRunTestbed({ test: test ?? "", real: real ?? "" });

  const driverOf = (
    worker: "test" | "real",
    settings: SettingsInput["cloud_run"] = {},
    stateFolder: string = import.meta.filename,
  ) =>
    new CloudRunDriver({
      entry: { command: process.execPath, args: [bed.worker(worker)] },
      stateFolder,
      settings: Settings.parse({ cloud_run: { ...cloudRunSettings, ...settings } }).cloud_run,
    });
  const driver = () => driverOf("test");
  const start = pools(driver);

  it("is checked for the doctor without starting anything", async () => {
    const { cloud_run } = Settings.parse({ cloud_run: cloudRunSettings });
    assert.equal(await checkCloudRun(cloud_run, never), `the API answers in ${REGION}`);
    assert.deepEqual(bed.double.services, []);
    await assert.rejects(checkCloudRun({ ...cloud_run, network: null }, never), /no VPC network is set/);
  });

  it("serves instances from one service, each from a container of its own", async () => {
    const pool = await start();
    const [one, other] = await Promise.all([pool.claim(), pool.claim()]);
    assert.equal(bed.double.services.length, 1);
    assert.equal(bed.double.containers.length, 2);
    const { region, provider_metadata } = one.record().metadata;
    assert.equal(region, REGION);
    const { estimated_dollars_per_hour: dollars } = z
      .object({ estimated_dollars_per_hour: z.number() })
      .parse(provider_metadata);
    assert.ok(dollars > 0.06 && dollars < 0.2, String(dollars));
    await pool.pool.terminate(other.record().instance_id, "user:test", "asked for");
    await bed.double.settled(1);
    const { template } = z
      .object({
        template: z.object({
          maxInstanceRequestConcurrency: z.int(),
          executionEnvironment: z.string(),
          vpcAccess: z.object({ egress: z.string() }),
        }),
      })
      .parse(bed.double.bodyOf(bed.double.services[0] ?? ""));
    assert.deepEqual(template, {
      maxInstanceRequestConcurrency: 1,
      executionEnvironment: "EXECUTION_ENVIRONMENT_GEN2",
      vpcAccess: { egress: "ALL_TRAFFIC" },
    });
  });

  it("goes on in the same container when the connection breaks, and loses nothing", async () => {
    const pool = await start();
    const instance = await pool.claim();
    const long = command(
      "for i in 1 2 3 4 5 6 7 8; do head -c 8000 /dev/zero | tr '\\0' $i; sleep 0.05; done",
    );
    const work = instance.call("tests/run", long, never);
    for (let round = 0; round < 3; round += 1) {
      const asked = instance.call("execution/run", behaviour("ask"), never);
      bed.double.breakConnections();
      assert.match((await asked).summary, /hello/);
    }
    const { output } = await work;
    assert.equal(output, [1, 2, 3, 4, 5, 6, 7, 8].map((digit) => String(digit).repeat(8000)).join(""));
    assert.equal(bed.double.containers.length, 1);
  });

  it("says that a container is gone, and goes on with another", async () => {
    const pool = await start();
    const instance = await pool.claim();
    const call = instance.call("execution/run", behaviour("hang"), never);
    const rejected = assert.rejects(call, { code: "worker_died", message: /its container is gone/ });
    await bed.double.containers[0]?.kill();
    await rejected;
    const next = await pool.claim();
    assert.equal((await next.call("execution/run", behaviour("work"), never)).summary, "done");
  });

  it("ends what runs in a container when the runtime does not come back", async () => {
    const pool = await start();
    await pool.claim();
    assert.equal(bed.double.containers.length, 1);
    // As after a kill of the runtime: the service is deleted by the next one, with its containers.
    const next = driver();
    assert.equal(await next.removeOrphans(), 1);
    assert.deepEqual([bed.double.services, bed.double.containers], [[], []]);
  });

  it("leaves the services of another state folder alone", async () => {
    const pool = await start({ driver: driverOf("test", {}, "/another/state") });
    await pool.claim();
    assert.equal(await driver().removeOrphans(), 0);
    assert.equal(bed.double.services.length, 1);
  });

  const tokens: [name: string, change: Partial<CloudRunDouble["identity"]["tokens"]>][] = [
    ["expired", { lifetimeSeconds: -60 }],
    ["for another service", { audience: "https://another.a.run.app" }],
    ["signed by somebody else", { key: "another" }],
  ];
  for (const [name, change] of tokens) {
    it(`cannot enter a service with an ID token that is ${name}`, async () => {
      const usual = bed.double.identity.tokens;
      bed.double.identity.tokens = { ...usual, ...change };
      try {
        const pool = await start();
        await assert.rejects(pool.claim(), { code: "cloud_run_unavailable", message: /answered 401/ });
        assert.deepEqual(bed.double.containers, []);
      } finally {
        bed.double.identity.tokens = usual;
      }
    });
  }

  it("cannot enter a service without an ID token", async () => {
    const pool = await start();
    await pool.claim();
    const [service] = bed.double.running;
    const answer = await fetch(service?.uri ?? "");
    assert.equal(answer.status, 403);
  });

  it("refuses an instance that can reach what it must not, and names it", async () => {
    const pool = await start();
    bed.double.hasMetadata = true;
    try {
      await assert.rejects(pool.claim(), { code: "instance_exposed", message: /the metadata server/ });
      const lenient = await start({
        driver: driverOf("test", {
          allow_reachable: ["metadata", "dns", "google_apis", "internet"],
          service_account: "none@a-project.iam.gserviceaccount.com",
        }),
      });
      const instance = await lenient.claim();
      const { reachable } = z
        .object({ reachable: z.array(z.string()) })
        .parse(instance.record().metadata.provider_metadata);
      assert.deepEqual(reachable, ["metadata"]);
    } finally {
      bed.double.hasMetadata = false;
    }
  });

  it("starts nothing where its settings leave the network open, or give away an account", async () => {
    const cases: [SettingsInput["cloud_run"], RegExp][] = [
      [{ region: null }, /no region is set/],
      [{ network: null }, /no VPC network is set/],
      [{ allow_reachable: ["metadata"] }, /default account/],
    ];
    for (const [settings, message] of cases) {
      const pool = await start({ driver: driverOf("test", settings) });
      await assert.rejects(pool.claim(), { code: "cloud_run_unavailable", message });
    }
    assert.deepEqual(bed.double.services, []);
  });

  it("waits while the Admin API has no time", async () => {
    const pool = await start();
    bed.double.failures.push(503, 429);
    const instance = await pool.claim();
    assert.equal((await instance.call("execution/run", behaviour("work"), never)).summary, "done");
  });

  conformance(driver);
  wayOut(() => driverOf("real"));
  // All pools are closed by now.
  after(() => {
    assert.deepEqual([bed.double.services, bed.double.containers], [[], []]);
  });
});
