import { existsSync } from "node:fs";
import { join } from "node:path";
import { MCP_FILE } from "../workspace/configuration.ts";
import type { Tools, ToolsParts } from "./tools-api.ts";

/** Loads the clients of services and MCP servers only when an agent has such tools. */
export const createTools = (parts: ToolsParts): Tools => {
  let loading: Promise<Tools> | undefined;
  const load = (): Promise<Tools> =>
    (loading ??= import("./tool-gateway.ts").then(({ openTools }) => openTools(parts)));
  const hasServers = (): boolean => !parts.settings.untrusted && existsSync(join(parts.workspace, MCP_FILE));
  return {
    offers: async (agent) =>
      agent.settings.tool_definitions.length > 0 || hasServers() ? (await load()).offers(agent) : [],
    call: async (request) => (await load()).call(request),
    close: async () => {
      await (await loading)?.close();
    },
  };
};
