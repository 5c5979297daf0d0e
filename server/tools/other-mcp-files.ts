import { evaluate, parse } from "@humanwhocodes/momoa";
import { z } from "zod";
import { resolve } from "node:path";
import { McpFile, type OtherMcpFile } from "../../schemas/mcp.ts";
import { describeProblems } from "../../schemas/problems.ts";
import { type ConfigurationFile, textOf } from "../workspace/configuration.ts";
import { readIfPossible } from "../workspace/open.ts";

const MOST_BYTES = 1 << 20;

/** What of another tool's file is understood: `mcpServers` of most, `servers` of VS Code. */
const OtherFile = z.object({
  mcpServers: z.record(z.string(), z.unknown()).default({}),
  servers: z.record(z.string(), z.unknown()).default({}),
});
/** VS Code also writes numbers, and null for no value. */
const Values = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
  .default({})
  .transform((values) =>
    Object.fromEntries(
      Object.entries(values).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]])),
    ),
  );
const OtherServer = z.object({
  type: z.string().optional(),
  command: z.string().optional(),
  args: z.array(z.string()).default([]),
  env: Values,
  envFile: z.string().optional(),
  cwd: z.string().optional(),
  url: z.string().optional(),
  headers: Values,
  disabled: z.boolean().default(false),
});
type OtherServer = z.infer<typeof OtherServer>;

/** The servers of a file, and why others of it are left out, as texts for people. */
export interface OtherServers {
  servers: McpFile["mcpServers"];
  problems: string[];
}

/** The files of other tools that the user wants to be read and that are there. */
export const otherMcpFiles = (workspace: string, wanted: readonly OtherMcpFile[]): ConfigurationFile[] =>
  wanted.flatMap((path) => {
    const bytes = readIfPossible(workspace, path, { most: MOST_BYTES });
    return bytes === null ? [] : [{ path, bytes }];
  });

/** The transports by their names in files of other tools. */
const webTypes: ReadonlySet<string> = new Set(["http", "streamable-http"]);

/** The workspace's own folder is known; inputs, variables of the environment and the like are not given. */
const filled = (workspace: string, server: OtherServer): OtherServer => {
  const fill = (text: string): string => text.replaceAll("${workspaceFolder}", () => workspace);
  const fillAll = (values: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fill(value)]));
  return {
    ...server,
    ...(server.command !== undefined && { command: fill(server.command) }),
    ...(server.url !== undefined && { url: fill(server.url) }),
    ...(server.cwd !== undefined && { cwd: fill(server.cwd) }),
    args: server.args.map(fill),
    env: fillAll(server.env),
    headers: fillAll(server.headers),
  };
};

/** Why a server cannot be used, in words that follow its name; null: it can. */
const problemOf = (workspace: string, { envFile, cwd, type, url, ...server }: OtherServer): string | null => {
  const [missing] = /\$\{[^}]*\}?/.exec(JSON.stringify({ ...server, cwd, url })) ?? [];
  if (missing !== undefined) return `needs a value for ${missing}, which CODITECT does not fill in`;
  if (envFile !== undefined) return "needs variables from the file in envFile, which CODITECT does not read";
  if (cwd !== undefined && resolve(workspace, cwd) !== resolve(workspace))
    return "needs another folder (cwd), and CODITECT starts servers in the workspace";
  if (type === "sse") return "uses the old SSE transport";
  return null;
};

const toOurs = ({ type, command, args, env, url, headers }: OtherServer): object | null => {
  if (command !== undefined && (type ?? "stdio") === "stdio") return { command, args, env };
  if (url !== undefined && webTypes.has(type ?? "http")) return { url, headers };
  return null;
};

/** One entry as ours. The text says why it cannot be used; null: the user has turned it off. */
const readEntry = (
  workspace: string,
  name: string,
  given: unknown,
): OtherServers["servers"] | string | null => {
  const read = OtherServer.safeParse(given);
  if (!read.success) return `cannot be read: ${describeProblems(read.error)}`;
  if (read.data.disabled) return null;
  const server = filled(workspace, read.data);
  const problem = problemOf(workspace, server);
  if (problem !== null) return problem;
  const ours = McpFile.safeParse({ mcpServers: { [name]: toOurs(server) } });
  return ours.success ? ours.data.mcpServers : `cannot be used: ${describeProblems(ours.error)}`;
};

/** The servers of a file of another tool. What is not understood is left out, alone. */
export const readOtherFile = (workspace: string, { path, bytes }: ConfigurationFile): OtherServers => {
  let value: unknown;
  try {
    value = evaluate(parse(textOf(bytes), { mode: "jsonc", allowTrailingCommas: true }));
  } catch {
    return {
      servers: {},
      problems: [`The MCP servers in ${path} are left out, because the file is not JSON.`],
    };
  }
  const file = OtherFile.safeParse(value).data;
  const found: OtherServers = { servers: {}, problems: [] };
  for (const [name, given] of Object.entries({ ...file?.servers, ...file?.mcpServers })) {
    const entry = readEntry(workspace, name, given);
    if (typeof entry === "string")
      found.problems.push(`The MCP server ${name} in ${path} is left out, because it ${entry}.`);
    else Object.assign(found.servers, entry);
  }
  return found;
};
