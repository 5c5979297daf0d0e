import { createHash } from "node:crypto";
import type { AgentConfig } from "../../schemas/agent.ts";
import { fail } from "../../schemas/errors.ts";
import type { Exposure } from "../../schemas/execution.ts";
import type { McpFile, McpServerConfig } from "../../schemas/mcp.ts";
import type { Settings } from "../../schemas/settings.ts";
import { SECRET_REFERENCE, type ToolDefinition } from "../../schemas/tool-definition.ts";
import type { Consents } from "../platform/consents.ts";
import { editorToolsOf } from "./editor-tools.ts";
import { offeredPrefix } from "./offered-name.ts";

/** What exposes an agent: an HTTP tool, an MCP server, or a setting, under the name that people know. */
interface Source extends Exposure {
  name: string;
  /** Names of its tools, or prefixes of these names, as a model calls them; null if it is not a tool. */
  calledAs: readonly string[] | null;
}

const none: Exposure = { read_untrusted: false, used_secrets: false, acts_outwardly: false };

const hasSecret = (values: Readonly<Record<string, string>>): boolean =>
  Object.values(values).some((value) => SECRET_REFERENCE.test(value));

/**
 * The exposure by a tool that the agent's own file defines. Others write the answers of an HTTP service, and each
 * request leaves this machine, even a GET. A tool of an MCP server exposes the agent as the server does.
 */
const ofOwnTool = ({ name, handler }: ToolDefinition, servers: McpFile["mcpServers"]): Source[] => {
  if ("External" in handler) {
    const config = servers[handler.External.service];
    return config === undefined ? [] : [{ ...ofServer(name, config), calledAs: [name] }];
  }
  if (!("Http" in handler)) return [];
  const used_secrets = hasSecret(handler.Http.headers);
  return [{ name, calledAs: [name], read_untrusted: true, used_secrets, acts_outwardly: true }];
};

const ofServer = (name: string, config: McpServerConfig): Source => {
  const calledAs = [offeredPrefix(name)];
  if ("url" in config)
    return {
      name,
      calledAs,
      read_untrusted: true,
      used_secrets: hasSecret(config.headers) || config.oauth !== undefined,
      acts_outwardly: true,
    };
  // In the sandbox, it reaches the hosts of its list. Without it, it can do and read what the user can.
  const isFree = config.sandbox === "none";
  const hasNetwork = isFree || (config.allowed_hosts ?? []).length > 0;
  return {
    name,
    calledAs,
    read_untrusted: hasNetwork,
    used_secrets: isFree || hasSecret(config.env),
    acts_outwardly: hasNetwork,
  };
};

export interface ExposureParts {
  settings: Pick<Settings, "untrusted">;
  /** Hosts that commands of the agent may connect to, by the settings or because the user allowed them. */
  hosts: readonly string[];
  servers: McpFile["mcpServers"];
  /** Whether an editor lends its tools. */
  hasEditor: boolean;
}

/** The answers of a host to commands were written by others, too. */
const ofHost = (name: string): Source => ({
  ...{ name, calledAs: ["run_command", "run_tests"] },
  ...{ read_untrusted: true, used_secrets: false, acts_outwardly: true },
});

/** Nobody knows what it does: it may do and read what the user can. */
const ofEditorTool = (name: string): Source => ({
  ...{ name, calledAs: [name] },
  ...{ read_untrusted: true, used_secrets: true, acts_outwardly: true },
});

const sourcesOf = (agent: AgentConfig, { settings, hosts, servers, hasEditor }: ExposureParts): Source[] => [
  ...agent.settings.tool_definitions.flatMap((tool) => ofOwnTool(tool, servers)),
  ...(hasEditor ? editorToolsOf(agent).map(ofEditorTool) : []),
  ...Object.entries(servers)
    .filter(([, { agents }]) => agents === undefined || agents.includes(agent.agent_type))
    .map(([name, config]) => ofServer(name, config)),
  ...(settings.untrusted ? [{ ...none, name: "the workspace", calledAs: null, read_untrusted: true }] : []),
  ...hosts.map(ofHost),
];

const flags = ["read_untrusted", "used_secrets", "acts_outwardly"] as const;

const union = (sources: readonly Exposure[]): Exposure => ({
  read_untrusted: sources.some((source) => source.read_untrusted),
  used_secrets: sources.some((source) => source.used_secrets),
  acts_outwardly: sources.some((source) => source.acts_outwardly),
});

/**
 * What an execution has met so far: what it was given and could do from the start, and what the tools
 * brought that it called.
 */
export const exposureOf = (agent: AgentConfig, parts: ExposureParts, called: readonly string[]): Exposure => {
  const sources = sourcesOf(agent, parts);
  const met = sources.filter(
    ({ calledAs }) =>
      calledAs === null || called.some((name) => calledAs.some((each) => isCalledAs(name, each))),
  );
  return { ...union(met), acts_outwardly: union(sources).acts_outwardly };
};

const isCalledAs = (name: string, calledAs: string): boolean =>
  calledAs.endsWith("__") ? name.startsWith(calledAs) : name === calledAs;

/**
 * Refuses an agent that could read untrusted content, use secrets and act outside of this machine, unless
 * a person has allowed exactly that: whoever writes what it reads could act with the user's secrets.
 * Errors: `exposure_unconfirmed`.
 */
export const demandExposure = (
  agent: AgentConfig,
  parts: ExposureParts,
  consents: Pick<Consents, "has">,
): void => {
  const sources = sourcesOf(agent, parts);
  const can = union(sources);
  if (!flags.every((flag) => can[flag])) return;
  const namesOf = (flag: keyof Exposure): string =>
    sources
      .filter((source) => source[flag])
      .map(({ name }) => name)
      .join(", ");
  const [reads, secrets, acts] = flags.map(namesOf);
  const definitions = agent.settings.tool_definitions;
  const told = JSON.stringify([sources, definitions, Object.entries(parts.servers)]);
  const hash = createHash("sha256").update(told).digest("hex").slice(0, 32);
  if (consents.has("exposure", hash)) return;
  throw fail("exposure_unconfirmed", {
    agent: agent.name,
    reads: reads ?? "",
    secrets: secrets ?? "",
    acts: acts ?? "",
    hash,
  });
};
