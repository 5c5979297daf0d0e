import { fail } from "../../schemas/errors.ts";
import { McpFile, type McpServerConfig } from "../../schemas/mcp.ts";
import { describeProblems } from "../../schemas/problems.ts";
import type { Settings } from "../../schemas/settings.ts";
import type { Consents } from "../platform/consents.ts";
import {
  type ConfigurationFile,
  configurationFiles,
  configurationHash,
  MCP_FILE,
  textOf,
} from "../workspace/configuration.ts";
import { otherMcpFiles, readOtherFile } from "./other-mcp-files.ts";

/** Whose MCP servers: a workspace's, with what its user allowed. */
export interface ServerSource {
  workspace: string;
  settings: Pick<Settings, "mcp_files" | "untrusted">;
  consents: Pick<Consents, "has">;
}

/** MCP servers in the state that the user allowed. */
export interface AllowedServers {
  /** Changes with every byte of the files they are from. */
  state: string;
  servers: McpFile["mcpServers"];
  /** Why others are left out. */
  problems: string[];
}

const none: AllowedServers = { state: "", servers: {}, problems: [] };

/** Of `.coditect/mcp.json`. Errors: `invalid_file`. */
const ownServers = ({ workspace, consents }: ServerSource): AllowedServers => {
  const files = configurationFiles(workspace);
  const file = files.find(({ path }) => path === MCP_FILE);
  if (file === undefined) return none;
  const state = configurationHash(files);
  if (!consents.has("configuration", state)) return none;
  return { state, servers: readMcpFile(file), problems: [] };
};

/** Of the files of other tools. */
const otherServers = ({ workspace, settings, consents }: ServerSource): AllowedServers => {
  const files = otherMcpFiles(workspace, settings.mcp_files);
  const state = configurationHash(files);
  if (files.length === 0 || !consents.has("mcp_files", state)) return none;
  const all = files.map((file) => readOtherFile(workspace, file));
  return {
    state,
    servers: mergedServers(all.map(({ servers }) => servers)),
    problems: all.flatMap(({ problems }) => problems),
  };
};

/** The servers of a workspace's files, before anybody has allowed them. Errors: `invalid_file`. */
export const listedServers = (
  workspace: string,
  mcpFiles: Settings["mcp_files"],
): Readonly<Record<string, McpServerConfig>> => {
  const own = configurationFiles(workspace).find(({ path }) => path === MCP_FILE);
  const others = otherMcpFiles(workspace, mcpFiles).map((file) => readOtherFile(workspace, file).servers);
  return {
    ...mergedServers(others),
    ...(own && readMcpFile(own)),
  };
};

/** Of one name, that of the first file counts. */
const mergedServers = (all: readonly McpFile["mcpServers"][]): McpFile["mcpServers"] =>
  Object.assign({}, ...all.toReversed()) as McpFile["mcpServers"];

/** The servers whose tools agents may use. Of one name, that of `.coditect/mcp.json` counts. */
export const allowedServers = (source: ServerSource): AllowedServers => {
  if (source.settings.untrusted) return none;
  const [own, other] = [ownServers(source), otherServers(source)];
  return {
    state: own.state + other.state,
    servers: { ...other.servers, ...own.servers },
    problems: other.problems,
  };
};

const described = ([name, server]: [string, McpServerConfig]): string => {
  const what = "url" in server ? `asks ${server.url}` : `runs ${[server.command, ...server.args].join(" ")}`;
  // Whole: what a repository hides behind a long beginning must be seen before it is allowed.
  return `${name} ${what}`;
};

/**
 * Refuses to go on while files of other tools, which the user wants to be read, were not allowed as they
 * are. Errors: `mcp_files_unconfirmed`.
 */
export const demandOtherFiles = ({ workspace, settings, consents }: ServerSource): void => {
  if (settings.untrusted) return;
  const files = otherMcpFiles(workspace, settings.mcp_files);
  const hash = configurationHash(files);
  const servers = files.flatMap((file) => Object.entries(readOtherFile(workspace, file).servers));
  if (servers.length === 0 || consents.has("mcp_files", hash)) return;
  throw fail("mcp_files_unconfirmed", {
    files: files.map(({ path }) => path).join(" and "),
    what: servers.map(described).join("; "),
    hash,
  });
};

const readMcpFile = ({ path, bytes }: ConfigurationFile): McpFile["mcpServers"] => {
  let value: unknown;
  try {
    value = JSON.parse(textOf(bytes));
  } catch (error) {
    throw fail("invalid_file", { path, problems: "it is not JSON" }, { cause: error });
  }
  const file = McpFile.safeParse(value);
  if (file.success) return file.data.mcpServers;
  throw fail("invalid_file", { path, problems: describeProblems(file.error) });
};
