import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { RuntimeType } from "../../../schemas/agent.ts";
import { openConsents } from "../../../server/platform/consents.ts";
import { configurationFiles, configurationHash } from "../../../server/workspace/configuration.ts";
import { dockerEngine } from "../../docker-engine.ts";
import { startRuntime } from "../../harness.ts";
import { startModelServer, type ModelServer } from "../../model-servers.ts";
import { root } from "../../support/command.ts";
import { answered, call, finish, reader } from "../../support/one-round.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const noEngine = await dockerEngine();

const program = (name: string): string => join(root, "node_modules/.bin", name);

describe("a run with the protocol's own MCP servers", () => {
  let files: TestWorkspace;
  let model: ModelServer;

  beforeEach(async () => {
    files = await testWorkspace({ "notes.txt": "42 apples\n" });
    await files.write(
      ".coditect/mcp.json",
      JSON.stringify({
        mcpServers: {
          files: { command: program("mcp-server-filesystem"), args: [files.root] },
          all: { command: program("mcp-server-everything") },
        },
      }),
    );
    openConsents(files.root).give({
      name: "configuration",
      of: configurationHash(configurationFiles(files.root)),
      given_by: "test",
      created_at: new Date().toISOString(),
    });
    const turns = [
      call("find_tools", { query: "read a text file" }),
      call("call_tool", { name: "files__read_text_file", input: { path: join(files.root, "notes.txt") } }),
      call("call_tool", { name: "all__echo", input: { message: "both of them" } }),
    ];
    model = await startModelServer({ Reviewer: (entry) => turns[answered(entry)] ?? finish });
  });
  afterEach(async () => {
    await model.close();
    await files.remove();
  });

  const runIn = async (runtime: RuntimeType): Promise<void> => {
    // As root, containers run as somebody else, to whom a temporary folder is closed.
    await chmod(files.root, 0o755);
    const settings = { provider: model.ollama(), runtime, unconfined: "allow" as const };
    const project = await startRuntime({ workspace: files.root, settings });
    try {
      await project.call("teams/create", reader);
      const { task_id, status } = await project.run("reader", { task: "Read the notes." });
      assert.equal(status, "Succeeded", project.problems.join("\n"));
      const { items } = await project.call("executions/list", { task_id });
      const made = items[0]?.output?.tool_calls.filter(({ tool }) => tool !== "finish") ?? [];
      assert.deepEqual(
        made.map(({ tool, success }) => [tool, success]),
        [
          ["find_tools", true],
          ["call_tool", true],
          ["call_tool", true],
        ],
      );
      const [, read, echoed] = made.map(({ output }) => JSON.stringify(output));
      assert.match(read ?? "", /42 apples/);
      assert.match(echoed ?? "", /both of them/);
    } finally {
      await project.close();
    }
  };

  it("calls them for an agent on this machine", () => runIn("Local"));

  describe("in a container", function () {
    skipUnlessNull(this, noEngine);

    it("calls them for an agent in a container", () => runIn("Docker"));
  });
});
