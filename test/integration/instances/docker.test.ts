import { createDockerDriver } from "../../../server/instances/drivers/docker/driver.ts";
import { builtWorker } from "../../support/product.ts";
import type { WorkerEntry } from "../../../server/platform/installation.ts";
import { dockerEngine } from "../../docker-engine.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { conformance } from "./conformance.ts";
import { escapes } from "./escapes.ts";
import { testWorker } from "./pool-harness.ts";

const reason = await dockerEngine();
/** Each driver has its own state folder, because a driver removes what it does not know there. */
const driverOf = (entry: WorkerEntry) => () =>
  createDockerDriver({ entry, stateFolder: `${import.meta.filename}/${String(entry.args[0])}` });
const driver = driverOf(testWorker);

describe("instances as containers", function () {
  skipUnlessNull(this, reason);
  conformance(driver);
  escapes(driver, driverOf(builtWorker()));
});
