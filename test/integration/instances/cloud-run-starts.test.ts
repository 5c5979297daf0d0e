import assert from "node:assert/strict";
import { Settings } from "../../../schemas/settings.ts";
import { CloudRunDriver } from "../../../server/instances/drivers/cloud-run/driver.ts";
import { poolSettings } from "../../../server/instances/settings.ts";
import { cloudRunSettings, cloudRunTestbed } from "../../support/cloud-run/testbed.ts";
import { type PoolUnderTest, startPool, testWorker } from "./pool-harness.ts";

// No container starts here, so no engine is needed.
describe("an instance in Cloud Run that does not start", function () {
  this.timeout(60_000);
  const bed = cloudRunTestbed({ test: String(testWorker.args[0]) });
  let pool: PoolUnderTest;

  const open = async (start_seconds: number): Promise<void> => {
    const settings = Settings.parse({ cloud_run: { ...cloudRunSettings, start_seconds } });
    pool = await startPool({
      settings: { start_ms: poolSettings(settings).start_ms },
      driver: new CloudRunDriver({
        entry: { command: process.execPath, args: [bed.worker("test")] },
        stateFolder: import.meta.filename,
        settings: settings.cloud_run,
      }),
    });
  };
  afterEach(async () => {
    Object.assign(bed.double, { operation: null, refusal: null, conditions: [] });
    await pool.close();
  });

  it("names what its service lacks, if Cloud Run does not finish the service in time", async () => {
    bed.double.operation = { isDone: false, message: "Imported 3 of 9 layers of the image." };
    await open(5);
    await assert.rejects(pool.claim(), {
      code: "instance_late",
      message: /did not start in 5 s: Cloud Run says: Imported 3 of 9 layers of the image\./,
    });
  });

  it("gives the reason of an operation that failed", async () => {
    const message = "The user-provided container failed to start and listen on the port.";
    bed.double.operation = { isDone: true, message };
    await open(30);
    await assert.rejects(pool.claim(), {
      code: "cloud_run_unavailable",
      message: /failed to start and listen on the port/,
    });
  });

  it("names the answer of its service and what the service says, if it gets no container in time", async () => {
    bed.double.refusal = {
      status: 503,
      page: "<html><title>503</title><p>Service error -27.</p></html>",
    };
    bed.double.conditions = [
      { state: "CONDITION_SUCCEEDED", message: "All is well." },
      { state: "CONDITION_FAILED", message: "Not enough memory in the region." },
    ];
    await open(5);
    await assert.rejects(pool.claim(), {
      code: "instance_late",
      message:
        /in 5 s: its service answered 503 to a connection: Service error -27\. Cloud Run says: Not enough memory/,
    });
  });
});
