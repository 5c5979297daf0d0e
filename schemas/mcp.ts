import { z } from "zod";
import { AgentType } from "./agent.ts";
import { EDITOR_SERVICE, SECRET_REFERENCE } from "./tool-definition.ts";

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

/** How a person logs in to a server: `coditect mcp login NAME`. Specification of MCP: "Authorization". */
const ServerOAuth = z
  .strictObject({
    /** The client that is registered with the service; left out: it registers itself. */
    client_id: z.string().min(1).optional(),
    /** A reference, `secret:tracker`; only together with `client_id` and `issuer`. */
    client_secret: z
      .string()
      .regex(SECRET_REFERENCE, "must be a reference, such as secret:tracker")
      .optional(),
    /** The service that may get the client's secret. */
    issuer: z.url().optional(),
    /** Scopes with blanks between; left out: what the server asks for. */
    scope: z.string().min(1).optional(),
    /** The port of this machine that the service's page leads back to; left out: a free one. */
    port: z.int().min(1024).max(65_535).optional(),
  })
  .refine(
    ({ client_id, client_secret, issuer }) =>
      client_secret === undefined || (client_id !== undefined && issuer !== undefined),
    "client_secret needs client_id and issuer",
  );
export type ServerOAuth = z.infer<typeof ServerOAuth>;

/** A server that is reached over HTTP. */
const HttpServer = z.strictObject({
  type: z.literal("http").optional(),
  url: z.url({ protocol: /^https?$/ }),
  /** Values may be references, `secret:github`. */
  headers: z.record(z.string(), z.string()).default({}),
  /** For a server that asks for a login. */
  oauth: ServerOAuth.optional(),
  ...offered,
});

export const McpServerConfig = z.union([StdioServer, HttpServer]);
export type McpServerConfig = z.infer<typeof McpServerConfig>;

/** Files of other tools that list MCP servers. */
export const OtherMcpFile = z.enum([".mcp.json", ".vscode/mcp.json"]);
export type OtherMcpFile = z.infer<typeof OtherMcpFile>;

/** With `__` in it, or `_` at its end, two servers could have tools that agents call by one name. */
const ServerName = z
  .string()
  .regex(/^[a-zA-Z](?:[a-zA-Z0-9-]|_(?=[a-zA-Z0-9-])){0,31}$/)
  .refine((name) => name !== EDITOR_SERVICE, "this name is kept for the tools of VS Code");

/** `.coditect/mcp.json`: servers whose tools agents may use. Contract: "Files in the workspace". */
export const McpFile = z.strictObject({
  $schema: z.string().optional(),
  mcpServers: z.record(ServerName, McpServerConfig),
});
export type McpFile = z.infer<typeof McpFile>;
