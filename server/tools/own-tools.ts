import type { AgentConfig } from "../../schemas/agent.ts";
import type { McpServerConfig } from "../../schemas/mcp.ts";
import type { ToolDefinition } from "../../schemas/tool-definition.ts";

/** The tools of each server that an agent may call; `tools` is null if the server does not answer or has changed. */
interface Reach {
  servers: readonly (readonly [string, McpServerConfig])[];
  tools: (server: string) => Promise<readonly { name: string }[] | null>;
}

/**
 * The tools that an agent's own file defines. One that leads to an MCP server is there only if the agent could
 * also call the server's tool: a file gives no right that the entry of the server does not give. `warn`
 * gets the reason for each one that is left out.
 */
export const ownTools = async (
  { settings, agent_type }: AgentConfig,
  { servers, tools }: Reach,
  warn: (problem: string) => void,
): Promise<ToolDefinition[]> => {
  const usable = async ({ name, handler }: ToolDefinition): Promise<boolean> => {
    if (!("External" in handler)) return true;
    const { service, endpoint } = handler.External;
    const leftOut = (reason: string): boolean => {
      warn(`The tool ${name} is left out: ${reason}.`);
      return false;
    };
    const config = servers.find(([server]) => server === service)?.[1];
    if (config === undefined)
      return leftOut(`agents of the type ${agent_type} have no MCP server ${service}`);
    const known = await tools(service);
    if (known === null) return leftOut(`the tools of the MCP server ${service} are not available`);
    const isThere = known.some((tool) => tool.name === endpoint);
    if (!isThere) return leftOut(`the MCP server ${service} has no tool ${endpoint}`);
    const isOffered = config.tools?.includes(endpoint) !== false;
    return isOffered || leftOut(`the entry of the MCP server ${service} does not list ${endpoint}`);
  };
  const all = await Promise.all(
    settings.tool_definitions.map(async (tool) => ((await usable(tool)) ? [tool] : [])),
  );
  return all.flat();
};
