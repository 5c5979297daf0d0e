import type { RuntimeType } from "../../../schemas/agent.ts";
import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import { shippedPath } from "../../../server/platform/installation.ts";
import { builtInScript, rehearsalProvider } from "../../../server/rehearsal/built-in.ts";
import { startRehearsal } from "../../../server/rehearsal/server.ts";
import { dockerEngine } from "../../docker-engine.ts";
import { startRuntime } from "../../harness.ts";
import { skipUnlessNull } from "../../support/skip.ts";

const noEngine = await dockerEngine();

/** Runs the TDD team on the sample project; the files it changes, and where its instances ran. */
const runTeam = async (runtime: RuntimeType) => {
  const script = await builtInScript("tdd");
  const model = await startRehearsal([script]);
  const project = await startRuntime({
    project: shippedPath("media", "sample"),
    settings: { provider: rehearsalProvider(model), runtime },
  });
  // A temporary folder is closed to others; as root, containers run as somebody else.
  await chmod(project.workspace, 0o755);
  try {
    const finished = await project.run("tdd", { task: script.task, file: script.file });
    assert.equal(finished.status, "Succeeded", finished.error?.message);
    const { diff } = await project.call("changes/get", { task_id: finished.task_id });
    const instances = project.runtime.store.all("instances");
    return { diff, ran: new Set(instances.map(({ metadata }) => metadata.runtime_type)) };
  } finally {
    await project.close();
    await model.close();
  }
};

describe("the TDD team in containers", function () {
  skipUnlessNull(this, noEngine);

  it("makes the same change set as in local processes", async () => {
    const [local, docker] = await Promise.all([runTeam("Local"), runTeam("Docker")]);
    assert.deepEqual([...local.ran, ...docker.ran], ["Local", "Docker"]);
    assert.notEqual(local.diff, "");
    assert.equal(docker.diff, local.diff);
  });
});
