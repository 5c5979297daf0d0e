import { existsSync } from "node:fs";
import { join } from "node:path";
import type { AgentConfig } from "../../schemas/agent.ts";
import { permissionScope } from "../../schemas/permissions.ts";
import { EDITOR_SERVICE } from "../../schemas/tool-definition.ts";
import { MCP_FILE } from "../workspace/configuration.ts";
import { allowedServers, demandOtherFiles } from "./allowed-servers.ts";
import { editorToolsOf } from "./editor-tools.ts";
import { demandExposure, exposureOf, type ExposureParts } from "./exposure.ts";
import { ToolPins } from "./tool-pins.ts";
import type { Tools, ToolsParts } from "./tools-api.ts";

/** Loads the clients of services and MCP servers only when an agent has such tools. */
export const createTools = (parts: ToolsParts): Tools => {
  const { workspace, settings, consents } = parts;
  let loading: Promise<Pick<Tools, "offers" | "call" | "close">> | undefined;
  const load = () => (loading ??= import("./tool-gateway.ts").then(({ openTools }) => openTools(parts)));
  const hasServers = (): boolean =>
    !settings.untrusted &&
    [MCP_FILE, ...settings.mcp_files].some((path) => existsSync(join(workspace, path)));
  const hasEditor = parts.editor != null && !settings.untrusted;
  const lentTo = (agent: AgentConfig): string[] => (hasEditor ? editorToolsOf(agent) : []);
  const hostsOf = ({ agent_type }: AgentConfig): string[] => {
    const scope = permissionScope({ agent_type, kind: "host", name: "" });
    const allowed = consents.list().flatMap(({ name, of }) => (name === "host" && of !== null ? [of] : []));
    return allowed.filter((of) => of.startsWith(scope)).map((of) => of.slice(scope.length));
  };
  const exposing = (agent: AgentConfig): ExposureParts => ({
    settings,
    hosts: [...new Set([...settings.allowed_hosts, ...hostsOf(agent)])],
    servers: hasServers() ? allowedServers(parts).servers : {},
    hasEditor,
  });
  const pins = new ToolPins(workspace, consents);
  let frames: Promise<Tools["frames"]> | undefined;
  return {
    offers: async (agent, only) =>
      agent.settings.tool_definitions.length > 0 || hasServers() || lentTo(agent).length > 0
        ? (await load()).offers(agent, only)
        : [],
    call: async (request) => (await load()).call(request),
    admit: (agent) => {
      demandOtherFiles(parts);
      if (hasServers()) {
        const { state, servers } = allowedServers(parts);
        pins.demandChanged(state, Object.keys(servers));
      }
      pins.demandChanged(EDITOR_SERVICE, lentTo(agent));
      demandExposure(agent, exposing(agent), consents);
    },
    frames: async (video, signal) => {
      frames ??= import("./video-frames.ts").then(({ createVideoFrames }) => createVideoFrames(parts));
      return (await frames)(video, signal);
    },
    exposure: (agent, called) => exposureOf(agent, exposing(agent), called),
    close: async () => {
      await (await loading)?.close();
    },
  };
};
