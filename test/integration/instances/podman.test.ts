import assert from "node:assert/strict";
import { builtWorker } from "../../support/product.ts";
import type { WorkerEntry } from "../../../server/platform/installation.ts";
import { createDockerDriver } from "../../../server/instances/drivers/docker/driver.ts";
import { startPodman, whyNoPodman } from "../../support/podman-engine.ts";
import type { PodmanEngine } from "../../support/podman-engine.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { conformance } from "./conformance.ts";
import { testWorker } from "./pool-harness.ts";
import { wayOut } from "./way-out.ts";

const reason = await whyNoPodman();

describe("instances in Podman", function () {
  skipUnlessNull(this, reason);
  let podman: PodmanEngine;
  before(async () => {
    podman = await startPodman();
  });
  after(async () => {
    await podman.close();
  });

  it("is known for what it is, on this machine", () => {
    assert.deepEqual([podman.engine.isPodman, podman.engine.isLocal], [true, true]);
  });

  const driverOf = (entry: WorkerEntry) => () =>
    createDockerDriver({
      entry,
      stateFolder: import.meta.filename,
      engine: () => Promise.resolve(podman.engine),
    });
  conformance(driverOf(testWorker), { breaksProtocol: false });

  wayOut(driverOf(builtWorker()));

  it("leaves no container behind", async () => {
    assert.deepEqual(await podman.engine.client.listContainers({ all: true }), []);
  });
});
