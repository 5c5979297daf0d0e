import { z } from "zod";
import { AgentType } from "./agent.ts";

const offered = {
  /** Types of agents that are offered its tools; left out: all. */
  agents: z.array(AgentType).optional(),
  /** Only these tools of the server; left out: all. */
  tools: z.array(z.string()).optional(),
};

/** A program on this machine that speaks MCP over its standard streams. */
const StdioServer = z.strictObject({
  type: z.literal("stdio").optional(),
  command: z.string().min(1),
  args: z.array(z.string()).default([]),
  /** Values may be references, `secret:github`. */
  env: z.record(z.string(), z.string()).default({}),
  /** `none`: it runs with the user's rights and the network; the consent question says this. */
  sandbox: z.enum(["on", "none"]).default("on"),
  ...offered,
});

/** A server that is reached over HTTP. */
const HttpServer = z.strictObject({
  type: z.literal("http").optional(),
  url: z.url({ protocol: /^https?$/ }),
  /** Values may be references, `secret:github`. */
  headers: z.record(z.string(), z.string()).default({}),
  ...offered,
});

export const McpServerConfig = z.union([StdioServer, HttpServer]);
export type McpServerConfig = z.infer<typeof McpServerConfig>;

/** Files of other tools that list MCP servers. */
export const OtherMcpFile = z.enum([".mcp.json", ".vscode/mcp.json"]);
export type OtherMcpFile = z.infer<typeof OtherMcpFile>;

/** `.coditect/mcp.json`: servers whose tools agents may use. Contract: "Files in the workspace". */
export const McpFile = z.strictObject({
  $schema: z.string().optional(),
  mcpServers: z.record(z.string().regex(/^[a-zA-Z][\w-]{0,31}$/), McpServerConfig),
});
export type McpFile = z.infer<typeof McpFile>;
