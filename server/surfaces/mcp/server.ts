import { McpServer } from "@modelcontextprotocol/server";
import { addPrompts } from "./prompts.ts";
import { addProveTool, type Prover } from "./prove-tool.ts";
import { addResultTools, addRunTools, type OpenSession } from "./tools.ts";

/**
 * The runtime as an MCP server: teams, runs, changes and findings as tools for other agents, and, if `prove`
 * is set, the gates for their own changes. The caller connects it to a transport.
 */
export const createMcpServer = (open: OpenSession, version: string, prove?: Prover): McpServer => {
  const server = new McpServer(
    { name: "coditect", title: "CODITECT Agents", version },
    {
      instructions:
        "Agent teams that prove their work. run_team runs a team in private copies and returns what the " +
        "runtime measured. Nothing changes in the workspace until apply_changes." +
        (prove === undefined ? "" : " prove_change judges a change that you made yourself."),
    },
  );
  addRunTools(server, open);
  addResultTools(server, open);
  addPrompts(server);
  if (prove !== undefined) addProveTool(server, prove);
  return server;
};
