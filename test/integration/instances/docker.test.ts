import { createDockerDriver } from "../../../server/instances/docker/driver.ts";
import { dockerEngine } from "../../docker-engine.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { conformance } from "./conformance.ts";
import { escapes } from "./escapes.ts";
import { testWorker } from "./pool-harness.ts";

const reason = await dockerEngine();
const driver = () => createDockerDriver({ entry: testWorker, stateFolder: import.meta.filename });

describe("instances as containers", function () {
  this.timeout(60_000);
  skipUnlessNull(this, reason);
  conformance(driver);
  escapes(driver);
});
