import assert from "node:assert/strict";
import { AgentCapability, AgentType } from "../../../schemas/agent.ts";
import { WorkflowStage } from "../../../schemas/team.ts";
import { ToolName } from "../../../schemas/tools.ts";
import { defaultCapabilities } from "../../../server/models/agent.ts";
import { lackingFor, mayUse } from "../../../server/models/capabilities.ts";
import { stageTools } from "../../../server/teams/definition/tools.ts";
import { anAgent } from "../../support/records.ts";

const offered = (stage: object, capabilities: AgentCapability[]): string[] =>
  stageTools(
    WorkflowStage.parse({ name: "work", member: "one", prompt: "Work.", ...stage }),
    { ...anAgent(), capabilities },
    true,
  ).map(({ name }) => name);

describe("capabilities", () => {
  it("of each type are enough for the stages that are made for it", () => {
    const stages: Record<AgentType, Parameters<typeof lackingFor>[0]> = {
      TestWriter: { write_access: "tests", gates: ["red"] },
      Coder: { write_access: "sources", gates: ["green"] },
      Reviewer: { write_access: "none", gates: ["findings"] },
      Security: { write_access: "none", gates: ["findings"] },
      Architecture: { write_access: "documents", gates: ["documents"] },
      Documenter: { write_access: "documents", gates: ["documents"] },
      Orchestrator: { write_access: "none", gates: [] },
      QualityControl: { write_access: "none", gates: ["green", "findings"] },
    };
    for (const type of AgentType.options)
      assert.equal(lackingFor(stages[type], defaultCapabilities(type)), null, type);
  });

  it("name everything that is missing", () => {
    assert.equal(
      lackingFor({ write_access: "sources", gates: ["findings"] }, ["OrchestrateAgents"]),
      "ImplementCode or OptimizePerformance, and ReviewCode or AnalyzeSecurity or QualityAssurance",
    );
  });

  it("decide which tools an agent is offered", () => {
    const reads = ["read_file", "list_files", "search", "finish"];
    assert.deepEqual(offered({}, []), reads);
    assert.deepEqual(offered({}, ["GenerateDocumentation"]), reads);
    assert.ok(offered({}, ["OrchestrateAgents"]).includes("assign_work"));
    assert.ok(!offered({}, ["OrchestrateAgents"]).includes("report_findings"));
    assert.ok(offered({}, ["ReviewCode"]).includes("report_findings"));
    const writing = { write_access: "sources", gates: ["changed"] };
    assert.ok(offered(writing, ["ImplementCode"]).includes("write_file"));
    assert.ok(!offered(writing, ["ReviewCode"]).includes("write_file"));
  });

  it("give every tool to somebody", () => {
    for (const tool of ToolName.options) assert.ok(mayUse(tool, AgentCapability.options), tool);
  });
});
