import type { AgentCapability } from "../../schemas/agent.ts";
import type { WriteAccess } from "../../schemas/gates.ts";
import type { WorkflowStage } from "../../schemas/team.ts";
import { toolTable, type ToolName } from "../../schemas/tools.ts";

/** Capabilities of which an agent needs at least one. */
type AnyOf = readonly AgentCapability[];

const writesTests: AnyOf = ["WriteUnitTests", "WriteIntegrationTests"];
const writesCode: AnyOf = ["ImplementCode", "OptimizePerformance"];
const writesDocuments: AnyOf = ["GenerateDocumentation", "DesignArchitecture"];
const reviews: AnyOf = ["ReviewCode", "AnalyzeSecurity", "QualityAssurance"];

/** What a stage's right to write asks of its agent; null: nothing. */
const byAccess: Readonly<Record<WriteAccess, AnyOf | null>> = {
  none: null,
  tests: writesTests,
  sources: writesCode,
  documents: writesDocuments,
  all: writesCode,
};

/** Everything a stage asks of its agent, each as the capabilities of which one is enough. */
const stageNeeds = ({ write_access, gates }: Pick<WorkflowStage, "write_access" | "gates">): AnyOf[] =>
  [byAccess[write_access], gates.includes("findings") ? reviews : null].filter((needed) => needed !== null);

const hasAny = (capabilities: readonly AgentCapability[], needed: AnyOf): boolean =>
  needed.some((capability) => capabilities.includes(capability));

/** What an agent lacks for a stage, in words; null: it can do it. */
export const lackingFor = (
  stage: Pick<WorkflowStage, "write_access" | "gates">,
  capabilities: readonly AgentCapability[],
): string | null => {
  const lacking = stageNeeds(stage).filter((needed) => !hasAny(capabilities, needed));
  return lacking.length === 0 ? null : lacking.map((needed) => needed.join(" or ")).join(", and ");
};

/** What a tool asks of its agent; the others are for every agent. */
const toolNeeds = (name: ToolName): AnyOf | null => {
  if (name === "report_findings") return reviews;
  if (name === "assign_work") return ["OrchestrateAgents"];
  if (toolTable[name].writes) return [...writesTests, ...writesCode, ...writesDocuments];
  // Who only writes documents starts no process.
  if (toolTable[name].runs)
    return [...writesTests, ...writesCode, ...reviews, "DesignArchitecture", "OrchestrateAgents"];
  return null;
};

/** Whether an agent with these capabilities may be offered a tool. */
export const mayUse = (name: ToolName, capabilities: readonly AgentCapability[]): boolean => {
  const needed = toolNeeds(name);
  return needed === null || hasAny(capabilities, needed);
};
