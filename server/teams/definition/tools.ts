import type { AgentConfig } from "../../../schemas/agent.ts";
import type { ToolDefinition } from "../../../schemas/tool-definition.ts";
import type { RunOptions } from "../../../schemas/run.ts";
import type { Settings } from "../../../schemas/settings.ts";
import type { WorkflowStage } from "../../../schemas/team.ts";
import { toolOffers } from "../../../schemas/tool-offers.ts";
import { mayUse } from "../../models/capabilities.ts";
import { toolTable, ToolName } from "../../../schemas/tools.ts";

/** Tools of the runtime with which an agent reads what MCP servers offer. */
const runtimeTools: ReadonlySet<string> = new Set([
  "list_resources",
  "read_resource",
  "list_prompts",
  "get_prompt",
]);

/** Whether a tool of this name exists or may exist. Tools of MCP servers are called `server__tool`. */
export const isToolName = (name: string): boolean =>
  ToolName.safeParse(name).success || runtimeTools.has(name) || /^[\w-]+__[\w-]+$/.test(name);

/** Whether agents of a run may ask the user for programs and hosts that no list allows. */
export const mayAsk = (
  { ask_permissions }: Pick<RunOptions, "ask_permissions">,
  { permissions }: Pick<Settings, "permissions">,
): boolean => ask_permissions && permissions === "ask";

/** The tools that a stage may have. Its rights and the agent's capabilities decide, and not the prompt. */
const allowedTools = (stage: WorkflowStage, agent: AgentConfig, commandsAllowed: boolean): ToolName[] => {
  const only = stage.write_access === "none";
  return ToolName.options.filter((name) => {
    if (!mayUse(name, agent.capabilities)) return false;
    if (toolTable[name].writes) return stage.write_access !== "none";
    if (name === "run_command") return commandsAllowed;
    if (name === "report_findings") return stage.gates.includes("findings") || only;
    if (name === "assign_work") return only;
    if (name === "run_tests") return stage.write_access !== "documents";
    return true;
  });
};

/**
 * The tools of an execution: those that its stage allows, limited to the ones that stage and agent name.
 * `finish` is always among them, because the agent could not end otherwise.
 */
export const stageTools = (
  stage: WorkflowStage,
  agent: AgentConfig,
  commandsAllowed: boolean,
): ToolDefinition[] => {
  const named = (list: readonly string[] | null, name: ToolName) =>
    list === null || name === "finish" || list.includes(name);
  const names = allowedTools(stage, agent, commandsAllowed).filter(
    (name) => named(stage.tools, name) && named(agent.settings.tools, name),
  );
  return toolOffers(names).map((offer) => ({
    ...offer,
    handler: { Internal: { function: offer.name, module: "worker/tools" } },
  }));
};
