import assert from "node:assert/strict";
import { workerEntry } from "../../../server/platform/installation.ts";
import { whyNoCloudRunDouble } from "../../support/cloud-run/double.ts";
import { cloudRunSettings, cloudRunTestbed } from "../../support/cloud-run/testbed.ts";
import { localTeam, runTeam } from "../../support/same-team.ts";
import { skipUnlessNull } from "../../support/skip.ts";

const reason = await whyNoCloudRunDouble();

describe("the TDD team in Cloud Run", function () {
  skipUnlessNull(this, reason);
  const bed = cloudRunTestbed({ worker: String(workerEntry().args[0]) });

  it("makes the same change set as in local processes", async () => {
    const worker = { command: process.execPath, args: [bed.worker("worker")] };
    const local = await localTeam(worker);
    const cloud = await runTeam({ runtime: "CloudRun", worker, settings: { cloud_run: cloudRunSettings } });
    assert.deepEqual([...local.ran, ...cloud.ran], ["Local", "CloudRun"]);
    assert.notEqual(local.diff, "");
    assert.equal(cloud.diff, local.diff);
    assert.deepEqual([bed.double.services, bed.double.containers], [[], []]);
  });
});
