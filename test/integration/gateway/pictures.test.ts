import assert from "node:assert/strict";
import { startRuntime } from "../../harness.ts";
import { protocols } from "../../model-protocols.ts";
import { startModelServer } from "../../model-servers.ts";
import { allAt } from "../../support/gateway.ts";
import { finish, reader } from "../../support/one-round.ts";
import { testWorkspace } from "../../support/workspace.ts";

const picture = Buffer.from("not really a picture");

describe("a picture that a task names", function () {
  this.timeout(30_000);

  for (const protocol of protocols) {
    it(`is shown to a model of ${protocol.name}`, async () => {
      const workspace = await testWorkspace({ "docs/bug.png": picture });
      const server = await startModelServer({ Reviewer: [finish] });
      const project = await startRuntime({
        workspace: workspace.root,
        settings: { provider: protocol.provider(server.url), endpoints: allAt(server.url) },
      });
      const { team_id } = await project.call("teams/create", reader);
      const { status } = await project.run(team_id, { task: "The total is cut off, see docs/bug.png." });
      const [execution] = project.runtime.store.all("executions");
      await project.close();
      await Promise.all([server.close(), workspace.remove()]);
      assert.equal(status, "Succeeded");
      assert.ok(JSON.stringify(server.requests[0]?.body).includes(picture.toString("base64")));
      assert.deepEqual(execution?.input.context.at(-1), {
        context_type: "DataFile",
        name: "docs/bug.png",
        content: picture.toString("base64"),
        mime_type: "image/png",
      });
    });
  }
});
