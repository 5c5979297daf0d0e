import assert from "node:assert/strict";
import { runBuild } from "../../../server/worker/runners/build.ts";
import { emptyScript } from "../../../server/workspace/test-script.ts";
import { restoreEnvironment } from "../../support/environment.ts";
import { testWorkspace } from "../../support/workspace.ts";

describe("runBuild", () => {
  it("keeps package managers from the network where there is none", async () => {
    const workspace = await testWorkspace({
      "tell.js": "console.log(`offline: ${process.env.npm_config_offline}`); process.exitCode = 1;",
    });
    const before = { ...process.env };
    const { HTTPS_PROXY: _, ...plain } = before;
    restoreEnvironment({ ...plain, CODITECT_CONFINED: "1" });
    try {
      const signal = new AbortController().signal;
      const job = { folder: workspace.root, script: emptyScript };
      const failed = await runBuild(job, ["node tell.js"], 10_000, signal);
      assert.equal(failed?.ended.output.trim(), "offline: true");
    } finally {
      restoreEnvironment(before);
      await workspace.remove();
    }
  });
});
