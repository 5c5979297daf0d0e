import assert from "node:assert/strict";
import { runCommand } from "../../../support/command.ts";
import { testWorkspace, type TestWorkspace } from "../../../support/workspace.ts";

describe("coditect cluster without a cluster", () => {
  let workspace: TestWorkspace;
  before(async () => {
    workspace = await testWorkspace({});
  });
  after(() => workspace.remove());

  it("says that there is no kubeconfig, and what to do", async () => {
    const { exit_code, stderr } = await runCommand(["cluster", "check", "--workspace", workspace.root]);
    assert.equal(exit_code, 3);
    assert.match(stderr, /there is no kubeconfig\.\s+Create ~\/\.kube\/config, or set KUBECONFIG\./);
  });
});
