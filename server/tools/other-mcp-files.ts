import { evaluate, parse } from "@humanwhocodes/momoa";
import { z } from "zod";
import { McpFile, type OtherMcpFile } from "../../schemas/mcp.ts";
import { type ConfigurationFile, textOf } from "../workspace/configuration.ts";
import { readIfPossible } from "../workspace/open.ts";

const MOST_BYTES = 1 << 20;

/** What of another tool's file is understood: `mcpServers` of most, `servers` of VS Code. */
const OtherFile = z.object({
  mcpServers: z.record(z.string(), z.unknown()).default({}),
  servers: z.record(z.string(), z.unknown()).default({}),
});
const OtherServer = z.object({
  type: z.string().optional(),
  command: z.string().optional(),
  args: z.array(z.string()).default([]),
  env: z.record(z.string(), z.string()).default({}),
  url: z.string().optional(),
  headers: z.record(z.string(), z.string()).default({}),
});

/** The files of other tools that the user wants to be read and that are there. */
export const otherMcpFiles = (workspace: string, wanted: readonly OtherMcpFile[]): ConfigurationFile[] =>
  wanted.flatMap((path) => {
    const bytes = readIfPossible(workspace, path, { most: MOST_BYTES });
    return bytes === null ? [] : [{ path, bytes }];
  });

/** The workspace's own folder is known; inputs, variables of the environment and the like are not given. */
const isResolved = (text: string): boolean => !text.includes("${");

const toOurs = (workspace: string, given: unknown): unknown => {
  const server = OtherServer.safeParse(given).data;
  if (server === undefined) return null;
  const fill = (text: string): string => text.replaceAll("${workspaceFolder}", () => workspace);
  const fillAll = (values: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fill(value)]));
  const { type, command, url } = server;
  const ours =
    command !== undefined && (type ?? "stdio") === "stdio"
      ? { command: fill(command), args: server.args.map(fill), env: fillAll(server.env) }
      : url !== undefined && (type ?? "http") === "http"
        ? { url: fill(url), headers: fillAll(server.headers) }
        : null;
  return isResolved(JSON.stringify(ours)) ? ours : null;
};

/** The servers of a file of another tool. What is not understood is left out, alone. */
export const serversOf = (workspace: string, { bytes }: ConfigurationFile): McpFile["mcpServers"] => {
  let value: unknown;
  try {
    value = evaluate(parse(textOf(bytes), { mode: "jsonc", allowTrailingCommas: true }));
  } catch {
    return {};
  }
  const file = OtherFile.safeParse(value).data;
  const entries = Object.entries({ ...file?.servers, ...file?.mcpServers });
  return Object.assign(
    {},
    ...entries.map(([name, given]) => {
      const one = McpFile.safeParse({ mcpServers: { [name]: toOurs(workspace, given) } }).data;
      return one?.mcpServers ?? {};
    }),
  ) as McpFile["mcpServers"];
};
