import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DEFAULT_IMAGE } from "../../../server/instances/drivers/docker/container.ts";
import { workerEntry } from "../../../server/platform/installation.ts";
import { bundleWorkers } from "../../support/bundled-workers.ts";
import { CloudRunDouble, REGION, whyNoCloudRunDouble } from "../../support/cloud-run/double.ts";
import { runTeam } from "../../support/kubernetes/team.ts";
import { skipUnlessNull } from "../../support/skip.ts";

const reason = await whyNoCloudRunDouble();
const gateway = fileURLToPath(
  new URL("../../../server/instances/drivers/cloud-run/gateway/main.ts", import.meta.url),
);

describe("the TDD team in Cloud Run", function () {
  this.timeout(120_000);
  skipUnlessNull(this, reason);
  const environmentBefore = { ...process.env };
  let double: CloudRunDouble;
  let program: string;
  before(async () => {
    program = await mkdtemp(join(tmpdir(), "coditect-program-"));
    await bundleWorkers(program, { worker: String(workerEntry().args[0]), "cloud-run-gateway": gateway });
    double = await CloudRunDouble.start();
    Object.assign(process.env, double.environment);
  });
  after(async () => {
    process.env = environmentBefore;
    await double.close();
    await rm(program, { recursive: true, force: true });
  });

  it("makes the same change set as in local processes", async () => {
    const worker = join(program, "worker.cjs");
    const local = await runTeam({ runtime: "Local", worker });
    const settings = {
      cloud_run: { region: REGION, image: DEFAULT_IMAGE, network: "closed", files_mb: 256 },
    };
    const cloud = await runTeam({ runtime: "CloudRun", worker, settings });
    assert.deepEqual([...local.ran, ...cloud.ran], ["Local", "CloudRun"]);
    assert.notEqual(local.diff, "");
    assert.equal(cloud.diff, local.diff);
    assert.deepEqual([double.services, double.containers], [[], []]);
  });
});
