import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import type { Consent } from "../../schemas/consents.ts";
import type { UserTool } from "../../schemas/tool-definition.ts";
import { newAgent } from "../../server/models/agent.ts";
import { createTools } from "../../server/tools/tools.ts";
import type { ToolsParts } from "../../server/tools/tools-api.ts";
import { startRuntime, type TestRuntime } from "../harness.ts";
import { startModelServer, type ModelServer } from "../model-servers.ts";
import { answered, call, finish, reader } from "../support/one-round.ts";
import { NOW } from "../support/records.ts";
import { rejectsWith } from "../support/rejects.ts";
import { allowExposure } from "../support/tools.ts";
import { testWorkspace, type TestWorkspace } from "../support/workspace.ts";

const http = (name: string, headers: Record<string, string>): UserTool => ({
  name,
  description: "It does something elsewhere.",
  schema: { type: "object", properties: {} },
  handler: { Http: { url: "https://192.0.2.1/issues", method: "GET", headers } },
});
const withSecret = http("tracker", { authorization: "secret:tracker" });

describe("an agent that could read untrusted content, use secrets and act outwardly", function () {
  this.timeout(60_000);
  let model: ModelServer;
  let files: TestWorkspace;
  let project: TestRuntime;

  before(async () => {
    model = await startModelServer({
      Reviewer: (entry) => (answered(entry) === 0 ? call("tracker", {}) : finish),
    });
  });
  after(() => model.close());
  beforeEach(async () => {
    files = await testWorkspace({ "a.ts": "" });
    project = await startRuntime({ workspace: files.root, settings: { provider: model.ollama() } });
  });
  afterEach(async () => {
    await project.close();
    await files.remove();
  });

  /** A team of one reviewer with these tools. */
  const give = async (tool_definitions: UserTool[]): Promise<void> => {
    const agent = await project.call("agents/create", {
      name: "reader",
      agent_type: "Reviewer",
      provider: model.ollama(),
      settings: { tool_definitions },
    });
    const members = reader.members.map((member) => ({ ...member, agent_id: agent.agent_id }));
    await project.call("teams/create", { ...reader, members });
  };
  const exposureOf = async (task_id: string) =>
    (await project.call("executions/list", { task_id })).items[0]?.metadata.exposure;

  it("works only once the user has allowed exactly its tools, and what it met is kept", async () => {
    await give([withSecret]);
    await allowExposure(project, "reader");
    assert.equal((await project.call("executions/list", {})).items.length, 0);
    const { task_id } = await project.run("reader", { task: "Read it." });
    assert.deepEqual(await exposureOf(task_id), {
      read_untrusted: true,
      used_secrets: true,
      acts_outwardly: true,
    });
  });

  it("needs nobody without a secret, and no execution is said to have met more than it called", async () => {
    await give([http("weather", {})]);
    const { task_id } = await project.run("reader", { task: "Read it." });
    assert.deepEqual(await exposureOf(task_id), {
      read_untrusted: false,
      used_secrets: false,
      acts_outwardly: true,
    });
  });
});

describe("the three things that need a person together", () => {
  const agentWith = (tool_definitions: UserTool[]) => {
    const provider = { Ollama: { model: "none", endpoint: "http://127.0.0.1:1" } };
    const agent = newAgent({ tenant_id: "t", name: "it", agent_type: "Reviewer", provider }, NOW);
    return { ...agent, settings: { ...agent.settings, tool_definitions } };
  };
  const toolsOf = (
    settings: Partial<ToolsParts["settings"]>,
    workspace: string,
    allowed = false,
    given: Consent[] = [],
  ) =>
    createTools({
      workspace,
      settings: { allowed_hosts: [], mcp_files: [], untrusted: false, ...settings },
      consents: { has: (name) => name === "configuration" || allowed, list: () => given },
    } as ToolsParts);
  const admitted = (tools: UserTool[], settings: Partial<ToolsParts["settings"]> = {}) => {
    toolsOf(settings, "/nowhere").admit(agentWith(tools));
  };

  it("are counted over all of an agent's tools and the settings", async () => {
    admitted([]);
    admitted([http("weather", {})], { allowed_hosts: ["example.org:443"], untrusted: true });
    await rejectsWith(
      Promise.resolve().then(() => {
        admitted([http("weather", {}), withSecret]);
      }),
      "exposure_unconfirmed",
    );
  });

  it("include the hosts that commands may connect to, by a setting or because the user allowed them", async () => {
    const files = await testWorkspace({
      ".coditect/mcp.json": JSON.stringify({
        mcpServers: { it: { command: "it", env: { KEY: "secret:it" } } },
      }),
    });
    const given = (of: string): Consent => ({ name: "host", of, given_by: "user:cli", created_at: NOW });
    const admit = (hosts: string[], consents: Consent[]) => async () => {
      await Promise.resolve();
      toolsOf({ allowed_hosts: hosts }, files.root, false, consents).admit(agentWith([]));
    };
    await admit([], [given("Coder: example.org:443")])();
    await rejectsWith(admit(["example.org:443"], [])(), "exposure_unconfirmed");
    await rejectsWith(admit([], [given("Reviewer: example.org:443")])(), "exposure_unconfirmed");
    const met = (called: string[]) =>
      toolsOf({ allowed_hosts: ["example.org:443"] }, files.root).exposure(agentWith([]), called);
    assert.equal(met(["read_file"]).read_untrusted, false);
    assert.equal(met(["run_command"]).read_untrusted, true);
    await files.remove();
  });

  for (const [what, server, isRefused] of [
    ["a server in the sandbox with a secret", { command: "it", env: { KEY: "secret:it" } }, false],
    ["a server outside of the sandbox", { command: "it", sandbox: "none" }, true],
    ["a server on the network without a secret", { url: "https://example.org/mcp" }, false],
    [
      "a server on the network with a secret",
      { url: "https://example.org/mcp", headers: { authorization: "secret:it" } },
      true,
    ],
    [
      "such a server for other types of agents",
      { url: "https://example.org/mcp", headers: { authorization: "secret:it" }, agents: ["Coder"] },
      false,
    ],
  ] as const)
    it(`${isRefused ? "are" : "are not"} all there with ${what}`, async () => {
      const files = await testWorkspace({
        ".coditect/mcp.json": JSON.stringify({ mcpServers: { it: server } }),
      });
      const admit = (allowed: boolean) => async () => {
        await Promise.resolve();
        toolsOf({}, files.root, allowed).admit(agentWith([]));
      };
      if (isRefused) await rejectsWith(admit(false)(), "exposure_unconfirmed");
      else await admit(false)();
      await admit(true)();
      await files.remove();
    });
});
