import assert from "node:assert/strict";
import { openConsents } from "../../../../server/platform/consents.ts";
import { runCommand } from "../../../support/command.ts";
import { ownUserFolder } from "../../../support/user-folder.ts";
import { testWorkspace, type TestWorkspace } from "../../../support/workspace.ts";

describe("coditect consents", () => {
  const user = ownUserFolder();
  let workspace: TestWorkspace;
  before(async () => {
    user.use();
    workspace = await testWorkspace({});
  });
  after(async () => {
    await workspace.remove();
    await user.restore();
  });
  const coditect = (...args: string[]) =>
    runCommand(["consents", ...args, "--workspace", workspace.root], {
      environment: { XDG_CONFIG_HOME: process.env.XDG_CONFIG_HOME },
    });

  it("lists what was allowed, and revokes it", async () => {
    assert.match((await coditect("list")).stdout, /have not allowed anything/);
    const given = { given_by: "user:cli", created_at: "2026-01-01T00:00:00.000Z" };
    openConsents(workspace.root).give({ name: "unconfined", of: null, ...given });
    assert.match((await coditect("list")).stdout, /unconfined +Commands of agents run without a sandbox\./);
    assert.equal((await coditect("revoke", "unconfined")).exit_code, 0);
    assert.equal(openConsents(workspace.root).has("unconfined"), false);
  });

  it("says which consents there are", async () => {
    const { exit_code, stderr } = await coditect("revoke", "everything");
    assert.equal(exit_code, 2);
    assert.match(stderr, /no consent everything\. Use unconfined, configuration, exposure, mcp_files/);
  });
});
