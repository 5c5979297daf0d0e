import { z } from "zod";
import { AgentType } from "./agent.ts";
import { EDITOR_SERVICE, SECRET_REFERENCE } from "./tool-definition.ts";

/** `api.example.com`, `*.example.com:443`, `[::1]:8080`. Without a port, 443. */
const HOST_LINE = /^(?:\[[0-9a-f:.]+\]|[^\s:/[\]]+)(?::\d{1,5})?$/i;

const offered = {
  /** Types of agents that are offered its tools; left out: all. */
  agents: z.array(AgentType).optional(),
  /** Only these tools of the server; left out: all. */
  tools: z.array(z.string()).optional(),
};

/** A program on this machine that speaks MCP over its standard streams. */
const StdioServer = z
  .strictObject({
    type: z.literal("stdio").optional(),
    command: z.string().min(1),
    args: z.array(z.string()).default([]),
    /** Values may be references, `secret:github`. */
    env: z.record(z.string(), z.string()).default({}),
    /** `none`: it runs with the user's rights and network access; the consent question says so. */
    sandbox: z.enum(["on", "none"]).default("on"),
    /** Hosts that it may connect to from the sandbox, such as `api.example.com:443`; left out: none. */
    allowed_hosts: z.array(z.string().regex(HOST_LINE, "must be a host, or a host and a port")).optional(),
    ...offered,
  })
  .refine(
    ({ sandbox, allowed_hosts }) => sandbox === "on" || allowed_hosts === undefined,
    'allowed_hosts needs the sandbox: with "none", a server reaches every host',
  );

const reference = z.string().regex(SECRET_REFERENCE, "must be a reference, such as secret:tracker");

/** The service where people of a company log in. It gives programs a grant for the services that the company allows. */
const IdentityProvider = z.strictObject({
  issuer: z.url(),
  /** Where it gives grants; left out: as its metadata say. */
  token_endpoint: z.url().optional(),
  /** The client that is registered with the identity provider. */
  client_id: z.string().min(1),
  client_secret: reference.optional(),
  /** The user's ID token for this client. */
  id_token: reference,
});

/** How to log in to a server: a person with `coditect mcp login NAME`, or the client by itself. */
const ServerOAuth = z
  .strictObject({
    /**
     * Who logs in: a person in a browser, the client with its own secret or key, or the client for a person who is
     * logged in to `identity_provider`. Left out: a person.
     */
    grant: z.enum(["authorization_code", "client_credentials", "jwt_bearer"]).optional(),
    /** Only together with the grant `jwt_bearer`. */
    identity_provider: IdentityProvider.optional(),
    /** The client that is registered with the service; left out: it registers itself. */
    client_id: z.string().min(1).optional(),
    /** The client's secret; only together with `client_id` and `issuer`. */
    client_secret: reference.optional(),
    /** The client's private key, in PEM or as JSON Web Key; only together with `client_id` and `issuer`. */
    private_key: reference.optional(),
    /** How the key signs; left out: as its type suggests. */
    algorithm: z
      .enum(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"])
      .optional(),
    /** The only service that may get the client's secret and the user's login. */
    issuer: z.url().optional(),
    /** Scopes separated by spaces; left out: what the server asks for. */
    scope: z.string().min(1).optional(),
    /** The port of this machine that the service's page leads back to; left out: a free one. */
    port: z.int().min(1024).max(65_535).optional(),
  })
  .refine(
    ({ client_id, client_secret, private_key, issuer }) =>
      (client_secret ?? private_key) === undefined || (client_id !== undefined && issuer !== undefined),
    "client_secret and private_key need client_id and issuer",
  )
  .refine(
    ({ client_secret, private_key }) => client_secret === undefined || private_key === undefined,
    "client_secret and private_key exclude each other",
  )
  .refine(
    ({ grant, client_secret, private_key }) =>
      grant === undefined || grant === "authorization_code" || (client_secret ?? private_key) !== undefined,
    "client_credentials and jwt_bearer need client_secret or private_key",
  )
  .refine(
    ({ grant, identity_provider }) => (grant === "jwt_bearer") === (identity_provider !== undefined),
    "jwt_bearer and identity_provider need each other",
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
