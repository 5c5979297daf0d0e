import { fail } from "../../schemas/errors.ts";
import { McpFile } from "../../schemas/mcp.ts";
import type { Consents } from "../platform/consents.ts";
import { configurationFiles, configurationHash, MCP_FILE } from "../workspace/configuration.ts";

/** The MCP servers of a workspace, in the state of `.coditect/` that the user allowed. */
export interface AllowedServers {
  /** Of the whole of `.coditect/`. */
  configuration: string;
  servers: McpFile["mcpServers"];
}

/** Null: the workspace has none, or the user has not allowed them as they are. Errors: `invalid_file`. */
export const allowedServers = (workspace: string, consents: Pick<Consents, "has">): AllowedServers | null => {
  const files = configurationFiles(workspace);
  const file = files.find(({ path }) => path === MCP_FILE);
  if (file === undefined) return null;
  const configuration = configurationHash(files);
  if (!consents.has("configuration", configuration)) return null;
  return { configuration, servers: readMcpFile(file.path, file.bytes.toString("utf8")) };
};

const readMcpFile = (path: string, text: string): McpFile["mcpServers"] => {
  try {
    return McpFile.parse(JSON.parse(text)).mcpServers;
  } catch (error) {
    throw fail("invalid_file", { path, problems: "it is not a list of MCP servers" }, { cause: error });
  }
};
