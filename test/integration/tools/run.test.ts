import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { openConsents } from "../../../server/platform/consents.ts";
import { configurationFiles, configurationHash } from "../../../server/workspace/configuration.ts";
import { startRuntime, type TestRuntime } from "../../harness.ts";
import { startModelServer, type ModelServer } from "../../model-servers.ts";
import { root } from "../../support/command.ts";
import { answered, call, finish, reader } from "../../support/one-round.ts";
import { allowExposure } from "../../support/tools.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

describe("an agent with the tools of an MCP server", () => {
  let model: ModelServer;
  let files: TestWorkspace;
  let project: TestRuntime;

  before(async () => {
    model = await startModelServer({
      Security: () => finish,
      Reviewer: (entry) => (answered(entry) === 0 ? call("it__act", { text: "the review" }) : finish),
    });
    const server = {
      command: process.execPath,
      args: [join(root, "test/integration/tools/misbehaving-server.ts"), "work"],
      sandbox: "none",
    };
    files = await testWorkspace({ ".coditect/mcp.json": JSON.stringify({ mcpServers: { it: server } }) });
    openConsents(files.root).give({
      name: "configuration",
      of: configurationHash(configurationFiles(files.root)),
      given_by: "test",
      created_at: new Date().toISOString(),
    });
    project = await startRuntime({ workspace: files.root, settings: { provider: model.ollama() } });
    await project.call("teams/create", {
      name: "two readers",
      members: [...reader.members, { role: "security", agent_type: "Security" }],
      workflow_stages: [
        ...reader.workflow_stages,
        { name: "again", member: "security", depends_on: ["read"], prompt: "{{task}}" },
      ],
    });
    await project.call("teams/create", reader);
    await allowExposure(project, "reader");
  });
  after(async () => {
    await project.close();
    await model.close();
    await files.remove();
  });

  it("calls them through the runtime, and the call is on record", async () => {
    const { task_id, status } = await project.run("reader", { task: "Read it." });
    assert.equal(status, "Succeeded", project.problems.join("\n"));
    const { items } = await project.call("executions/list", { task_id });
    const made = items[0]?.output?.tool_calls.find(({ tool }) => tool === "it__act");
    assert.deepEqual([made?.success, made?.output], [true, "did the review"]);
    const asked = JSON.stringify(model.requests.at(-1)?.body);
    assert.match(asked, /did the review/);
  });

  it("hands what the service answered on to the next stage", async () => {
    const { task_id, status } = await project.run("two readers", { task: "Read it." });
    assert.equal(status, "Succeeded", project.problems.join("\n"));
    const { items } = await project.call("executions/list", { task_id });
    const last = items.find(({ metadata }) => metadata.stage === "again");
    assert.ok(last !== undefined);
    const { input, metadata } = await project.call("executions/get", { execution_id: last.execution_id });
    assert.equal(metadata.exposure?.read_untrusted, true);
    assert.deepEqual(
      input.context.filter(({ context_type }) => context_type === "ApiResponse"),
      [
        {
          context_type: "ApiResponse",
          name: 'it__act {"text":"the review"}',
          content: "did the review",
          mime_type: "text/plain",
        },
      ],
    );
    assert.match(JSON.stringify(model.requests.at(-1)?.body), /ApiResponse: it__act/);
  });
});
