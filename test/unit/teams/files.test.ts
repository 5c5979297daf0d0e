import assert from "node:assert/strict";
import type { Configuration } from "../../../server/teams/definition/configuration.ts";
import { allowedConfiguration } from "../../support/configuration.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const stage = { name: "write", member: "coder", prompt: "{{task}}" };
const team = (name: string, fields: object = {}) =>
  JSON.stringify(
    { name, members: [{ role: "coder", agent_type: "Coder" }], workflow_stages: [stage], ...fields },
    null,
    2,
  );

describe("an invalid file among those of a workspace", () => {
  let workspace: TestWorkspace;
  let configuration: Configuration;

  const start = async (files: Record<string, string>) => {
    workspace = await testWorkspace(files);
    configuration = allowedConfiguration(workspace.root);
  };
  afterEach(() => workspace.remove());

  it("keeps no other team from working, and is told with its line", async () => {
    await start({
      ".coditect/teams/broken.json": '{\n  "name": "Broken One",\n  "members": "nobody"\n}\n',
      ".coditect/teams/cut.json": '{\n  "name": "cut",',
      ".coditect/teams/cut-list.json": '{\n  "name": "cut list",\n  "members": [\n\n',
      ".coditect/teams/good.json": team("good"),
      ".coditect/teams/cycle.json": team("cycle", { workflow_stages: [{ ...stage, depends_on: ["write"] }] }),
    });
    assert.equal((await configuration.team("good")).name, "good");
    assert.equal((await configuration.team("tdd")).name, "tdd");
    for (const name of ["Broken One", "cut", "cut list", "cycle"])
      await assert.rejects(configuration.team(name), { code: "invalid_file" });
    assert.deepEqual(
      (await configuration.publishTeams()).problems.map(({ path, data }) => [path, data.line]),
      [
        [".coditect/teams/broken.json", 3],
        [".coditect/teams/cut-list.json", 3],
        [".coditect/teams/cut.json", 2],
        [".coditect/teams/cycle.json", 14],
      ],
    );
  });

  it("is not passed over for the built-in team it replaces", async () => {
    await start({ ".coditect/teams/mine.json": '{ "name": "tdd", "members": [] }' });
    await assert.rejects(configuration.team("tdd"), { code: "invalid_file" });
  });

  it("is an agent's with a tool or a prompt that there is not, at its line", async () => {
    const settings = { tools: ["read_file", "teleport"], custom_prompts: { "system.apend": "Be kind." } };
    const agent = { name: "careful", agent_type: "Coder", settings };
    await start({
      ".coditect/agents/careful.json": JSON.stringify(agent, null, 1),
      ".coditect/teams/named.json": team("named", {
        members: [{ role: "coder", agent_type: "Coder", agent: "careful" }],
      }),
    });
    const [problem] = (await configuration.publishTeams()).problems;
    assert.equal(problem?.data.line, 7);
    assert.match(
      problem.message,
      /settings\.tools\.1: there is no tool teleport; settings\.custom_prompts\.system\.apend: there is no prompt system\.apend/,
    );
  });

  it("has an agent with a name and password in its address, which no message shows", async () => {
    const provider = { Ollama: { model: "qwen3", endpoint: "http://ann:secret@box:11434" } };
    await start({
      ".coditect/agents/careful.json": JSON.stringify({ name: "careful", agent_type: "Coder", provider }),
      ".coditect/teams/named.json": team("named", {
        members: [{ role: "coder", agent_type: "Coder", agent: "careful" }],
      }),
    });
    const [problem] = (await configuration.publishTeams()).problems;
    assert.match(problem?.message ?? "", /provider\.Ollama\.endpoint: must not contain a name and password/);
    assert.doesNotMatch(problem?.message ?? "", /secret/);
  });

  it("is out with the team that names it, if it is an agent's", async () => {
    const named = { members: [{ role: "coder", agent_type: "Coder", agent: "careful" }] };
    await start({
      ".coditect/agents/careful.json": '{ "name": "careful" }',
      ".coditect/teams/good.json": team("good"),
      ".coditect/teams/named.json": team("named", named),
    });
    assert.deepEqual(
      (await configuration.publishTeams()).problems.map(({ path, data }) => [path, data.path]),
      [[".coditect/teams/named.json", ".coditect/agents/careful.json"]],
    );
    assert.equal((await configuration.team("good")).name, "good");
  });
});
