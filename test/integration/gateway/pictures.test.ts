import assert from "node:assert/strict";
import { startRuntime } from "../../harness.ts";
import { protocols } from "../../model-protocols.ts";
import { startModelServer } from "../../model-servers.ts";
import {
  agentWith,
  allAt,
  ask,
  chargeTo,
  gatewayWith,
  modelServers,
  question,
} from "../../support/gateway.ts";
import { finish, reader } from "../../support/one-round.ts";
import { testWorkspace } from "../../support/workspace.ts";

const picture = Buffer.from("not really a picture");

describe("a picture for a model that is known not to see pictures", () => {
  const serve = modelServers();

  it("is replaced by a note in the only request and in its preview", async () => {
    const server = await serve({ Coder: [{ text: "Hi" }] });
    const { gateway } = gatewayWith();
    const provider = { Ollama: { model: "qwen3-coder:30b", endpoint: server.url } };
    const asked = question("See the picture.");
    const data = picture.toString("base64");
    const shown = {
      role: "user" as const,
      content: [{ type: "image" as const, mime_type: "image/png", data }],
    };
    const request = { ...asked, messages: [...asked.messages, shown] };
    await ask(gateway, request, chargeTo(agentWith(provider)));
    const { body } = await gateway.preview(request, provider);
    const sent = JSON.stringify(server.requests.map((each) => each.body));
    assert.equal(server.requests.length, 1);
    for (const text of [sent, JSON.stringify(body)]) {
      assert.ok(!text.includes(data));
      assert.match(text, /a picture of type image\/png, which you cannot see/);
    }
  });
});

describe("a picture that a task names", () => {
  for (const protocol of protocols) {
    it(`is shown to a model of ${protocol.name}`, async () => {
      const workspace = await testWorkspace({ "docs/bug.png": picture });
      const server = await startModelServer({ Reviewer: [finish] });
      const project = await startRuntime({
        workspace: workspace.root,
        settings: { provider: protocol.provider(server.url, "seeing"), endpoints: allAt(server.url) },
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
