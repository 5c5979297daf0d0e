import assert from "node:assert/strict";
import { dockerEngine } from "../../docker-engine.ts";
import { localTeam, runTeam } from "../../support/same-team.ts";
import { builtWorker } from "../../support/product.ts";
import { skipUnlessNull } from "../../support/skip.ts";

const noEngine = await dockerEngine();

describe("the TDD team in containers", function () {
  skipUnlessNull(this, noEngine);

  it("makes the same change set as in local processes", async () => {
    const worker = builtWorker();
    const local = await localTeam(worker);
    const docker = await runTeam({ runtime: "Docker", worker });
    assert.deepEqual([...local.ran, ...docker.ran], ["Local", "Docker"]);
    assert.notEqual(local.diff, "");
    assert.equal(docker.diff, local.diff);
  });
});
