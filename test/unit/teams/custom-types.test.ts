import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AgentFile } from "../../../schemas/team.ts";
import { agentFileOf } from "../../../server/sharing/export.ts";
import type { Configuration } from "../../../server/teams/definition/configuration.ts";
import { defaultSettings } from "../../../server/models/agent.ts";
import { systemMessage } from "../../../server/teams/definition/prompts.ts";
import { allowedConfiguration } from "../../support/configuration.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const migrator = {
  name: "Schema migrator",
  agent_type: "DatabaseMigrator",
  base_type: "Coder",
  capabilities: ["ImplementCode", "WriteIntegrationTests"],
  settings: { tools: ["read_file", "edit_file"], custom_prompts: { "system.append": "Lose no row." } },
};
const team = {
  name: "migrate",
  members: [{ role: "migrator", agent_type: "DatabaseMigrator" }],
  workflow_stages: [
    { name: "test", member: "migrator", prompt: "{{task}}", write_access: "tests", gates: ["red"] },
  ],
};

describe("a type of agents of one's own", () => {
  let workspace: TestWorkspace;
  let configuration: Configuration;

  const start = async (agent: object | null) => {
    workspace = await testWorkspace({
      ...(agent !== null && { ".coditect/agents/migrator.json": JSON.stringify(agent, null, 1) }),
      ".coditect/teams/migrate.json": JSON.stringify(team),
    });
    configuration = allowedConfiguration(workspace.root);
  };
  afterEach(() => workspace.remove());

  it("has a documented type as its base, and its own capabilities, tools and prompts", async () => {
    await start(migrator);
    const { members, workflow_stages, name } = await configuration.team("migrate");
    const [member] = members;
    assert.equal(member?.agent_type, "Coder");
    const agent = await configuration.agentOf(member);
    assert.deepEqual([agent.custom_type, agent.agent_type], ["DatabaseMigrator", "Coder"]);
    assert.deepEqual(agent.capabilities, migrator.capabilities);
    assert.match(systemMessage(agent, "test", 1), /^Agent: Coder\n[^]*Lose no row\.$/);
    // A Coder of the documents could not: this one says it writes integration tests.
    configuration.checkTeam({ name, members, workflow_stages });
  });

  it("loses a setting that is removed from its file", async () => {
    const settings = { ...migrator.settings, temperature: 0.9, effort: "high" as const };
    await start({ ...migrator, settings });
    const agent = async () => {
      const [member] = (await configuration.team("migrate")).members;
      assert.ok(member !== undefined);
      return (await configuration.agentOf(member)).settings;
    };
    const before = await agent();
    assert.deepEqual([before.temperature, before.effort], [0.9, "high"]);
    await writeFile(join(workspace.root, ".coditect/agents/migrator.json"), JSON.stringify(migrator));
    const after = await agent();
    const { temperature, effort } = defaultSettings({ VSCode: { model: "m" } }, "Coder");
    assert.deepEqual([after.temperature, after.effort], [temperature, effort]);
  });

  it("is exported as it was written", async () => {
    await start(migrator);
    const [member] = (await configuration.team("migrate")).members;
    assert.ok(member !== undefined);
    assert.deepEqual(agentFileOf(await configuration.agentOf(member)), AgentFile.parse(migrator));
  });

  it("cannot do a stage that its capabilities do not cover", async () => {
    await start({ ...migrator, capabilities: ["ImplementCode"] });
    const found = await configuration.team("migrate");
    assert.throws(
      () => {
        configuration.checkTeam(found);
      },
      { code: "invalid_workflow", message: /needs WriteUnitTests or WriteIntegrationTests/ },
    );
  });

  it("has to be there, and needs a base type", async () => {
    await start(null);
    await assert.rejects(configuration.team("migrate"), {
      message: /there is no agent file with the type DatabaseMigrator/,
    });
    await workspace.remove();
    const { base_type: left, ...without } = migrator;
    assert.equal(left, "Coder");
    await start(without);
    const [problem] = (await configuration.publishTeams()).problems;
    assert.match(problem?.message ?? "", /DatabaseMigrator is a custom type and needs a base_type/);
  });
});
