import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { AgentConfig } from "../../../schemas/agent.ts";
import { UserTool } from "../../../schemas/tool-definition.ts";
import { callNamed, misbehaving, toolWorkspace, type ToolWorkspace } from "../../support/open-tools.ts";
import { anAgent } from "../../support/records.ts";

describe("tools of an agent's own file that lead to a server or the runtime", () => {
  let files: ToolWorkspace;
  beforeEach(() => {
    files = toolWorkspace();
  });
  afterEach(async () => {
    await files.remove();
  });

  const own = (service: string, endpoint: string): AgentConfig => {
    const tool = UserTool.parse({
      name: "act",
      description: "Acts on a short text.",
      schema: { type: "object", properties: { text: { type: "string", maxLength: 5 } } },
      handler: { External: { service, endpoint, auth: null } },
    });
    const agent = anAgent();
    return { ...agent, settings: { ...agent.settings, tool_definitions: [tool] } };
  };

  it("calls them with the agent's own description and schema", async () => {
    files.writeServers({ it: misbehaving("work") });
    const tools = files.open();
    const offers = await tools.offers(own("it", "act"), null);
    assert.equal(offers.find(({ name }) => name === "act")?.description, "Acts on a short text.");
    const answer = await callNamed(tools, own("it", "act"), "act", { text: "it" });
    assert.deepEqual(answer, { content: "did it", is_error: false });
    const wrong = await callNamed(tools, own("it", "act"), "act", { text: "too long" });
    assert.match(wrong.content, /The input of act is not valid/);
  });

  it("leaves out tools that the entry of the server does not allow the agent, with the reason", async () => {
    files.writeServers({
      it: { ...misbehaving("work"), tools: ["other"] },
      far: { ...misbehaving("work"), agents: ["Documenter"] },
    });
    const tools = files.open();
    for (const [server, endpoint] of [
      ["it", "act"],
      ["it", "gone"],
      ["far", "act"],
      ["none", "act"],
    ] as const)
      assert.deepEqual(await tools.offers(own(server, endpoint), null), []);
    const logged = files.warnings.join("\n");
    assert.match(logged, /act is left out: the entry of the MCP server it does not list act/);
    assert.match(logged, /act is left out: the MCP server it has no tool gone/);
    assert.match(logged, /act is left out: agents of the type \w+ have no MCP server far/);
    assert.match(logged, /act is left out: agents of the type \w+ have no MCP server none/);
  });

  it("exposes an agent as much as the server does", () => {
    files.writeServers({ it: misbehaving("work") });
    const tools = files.open();
    assert.equal(tools.exposure(own("it", "act"), ["act"]).used_secrets, true);
    assert.equal(tools.exposure(own("it", "act"), []).used_secrets, false);
  });

  it("offers functions of the runtime, and no others", async () => {
    const renamed = (name: string) => ({
      ...{ name: "look_up", description: "Lists our documents.", schema: { type: "object" } },
      handler: { Internal: { function: name, module: "runtime/tools" } },
    });
    files.writeServers({ it: misbehaving("resources") });
    const agent = anAgent();
    const tool_definitions = [UserTool.parse(renamed("list_resources"))];
    const with_tool = { ...agent, settings: { ...agent.settings, tool_definitions } };
    const { content } = await callNamed(files.open(), with_tool, "look_up", {});
    assert.match(content, /doc:\/\/manual/);
    assert.equal(UserTool.safeParse(renamed("process.exit")).success, false);
    const vscode = { External: { service: "vscode", endpoint: "run", auth: null } };
    assert.equal(UserTool.safeParse({ ...renamed(""), handler: vscode }).success, false);
  });
});
