import {
  Client,
  type ClientOptions,
  type ElicitRequest,
  type ElicitResult,
  type OAuthClientProvider,
  SdkError,
  SdkErrorCode,
  StreamableHTTPClientTransport,
  type Tool,
} from "@modelcontextprotocol/client";
import { CoditectError } from "../../schemas/errors.ts";
import type { McpServerConfig } from "../../schemas/mcp.ts";
import type { CheckedFetch } from "./checked-fetch.ts";
import { limitedFetch } from "./limited-fetch.ts";
import { watchTransport } from "./message-watch.ts";
import { CompanyLogin } from "./oauth/company-login.ts";
import { MachineLogin } from "./oauth/machine-login.ts";
import { type LoginParts, namesIssuer } from "./oauth/own-client.ts";
import { refreshesOf } from "./oauth/refreshes.ts";
import { machineGrant, type MachineGrant, ServerLogin, usesOAuth } from "./oauth/server-login.ts";
import { allPages } from "./pages.ts";
import { quietSdk } from "./sdk-remarks.ts";
import { resolveSecrets, type SecretPlaces } from "./secrets.ts";
import type { ServerSandbox } from "./server-sandbox.ts";
import { StdioTransport } from "./stdio-transport.ts";

/** How long a server may take to start and to list its tools, unless `startMilliseconds` says otherwise. */
const START_MILLISECONDS = 10_000;
/** The maximum number of tools that CODITECT uses from a server. */
const MOST_TOOLS = 500;

export interface McpParts extends SecretPlaces {
  sandbox: ServerSandbox;
  checked: CheckedFetch;
  version: string;
  startMilliseconds?: number | undefined;
}

export interface Connected {
  client: Client;
  tools: readonly Tool[];
  /** Whether the server has more tools than that. */
  hasMore: boolean;
  /** The reason why the connection ended, if the server is at fault. Null: it did not end. */
  problem(): string | null;
}

/** Callbacks to the owner of the connection. */
export interface ConnectionEvents {
  onQuestion: (question: ElicitRequest["params"], withdrawn: AbortSignal) => Promise<ElicitResult>;
  onClose: () => void;
}

/** A failed connection. `message`: what the server did, or how the attempt failed. */
class ConnectionFailure extends Error {
  /**
   * Whether the server may support only protocols before 2026-07-28, which start with a different request.
   */
  readonly mayBeOlder: boolean;

  constructor(problem: string | null, mayBeOlder: boolean, cause: unknown) {
    super(problem ?? (cause instanceof Error ? cause.message : String(cause)), { cause });
    this.mayBeOlder = mayBeOlder;
  }
}

/**
 * Starts a server or connects to it, and lists its tools. The first request uses protocol 2026-07-28. If an
 * older server refuses it, CODITECT uses an earlier version. If the server exits at this request, CODITECT
 * restarts it. Errors: {@link ConnectionFailure}.
 */
export const connectTo = async (
  name: string,
  config: McpServerConfig,
  parts: McpParts,
  events: ConnectionEvents,
): Promise<Connected> => {
  quietSdk();
  const timeout = parts.startMilliseconds ?? START_MILLISECONDS;
  // One deadline applies to all requests, because a list of tools can have many pages.
  const options = { timeout, signal: AbortSignal.timeout(timeout) };
  const attempt = async (mode: "auto" | "legacy"): Promise<Connected> => {
    const transport = await transportTo(name, config, parts);
    const isStdio = transport instanceof StdioTransport;
    const found: string[] = [];
    const problem = (): string | null => (isStdio ? transport.problem : (found[0] ?? null));
    if (!isStdio)
      watchTransport(transport, (reason) => {
        found.push(reason);
        void transport.close();
      });
    // A program that does not answer may be an older one. Over HTTP, no answer means that no server is
    // running.
    const client = createClient(parts.version, { mode, probe: isStdio ? { timeoutMs: timeout / 2 } : {} });
    client.setRequestHandler("elicitation/create", ({ params }, { mcpReq }) =>
      // Since protocol 2026-07-28, a call's question is part of its result, so this question has no call.
      client.getProtocolEra() === "modern" ? { action: "decline" } : events.onQuestion(params, mcpReq.signal),
    );
    try {
      await client.connect(transport, options);
      const tools = await toolsOf(client, options);
      client.onclose = events.onClose;
      return { client, ...tools, problem };
    } catch (error) {
      const reason =
        problem() ?? (isTimeout(error) ? notInTime(timeout) : isTooDeep(error) ? TOO_DEEP : null);
      const isUndecided = error instanceof SdkError && error.code === SdkErrorCode.EraNegotiationFailed;
      const mayBeOlder =
        isUndecided && (isStdio ? transport.hasLeft : found.length === 0 && ownErrorIn(error) === null);
      // The client owns the transport only after they are connected.
      await client.close();
      await transport.close();
      throw new ConnectionFailure(reason, mayBeOlder, error);
    }
  };
  try {
    return await attempt("auto");
  } catch (error) {
    if (!(error instanceof ConnectionFailure && error.mayBeOlder)) throw error;
    return attempt("legacy");
  }
};

const createClient = (
  version: string,
  versionNegotiation: NonNullable<ClientOptions["versionNegotiation"]>,
): Client =>
  new Client(
    { name: "coditect", version },
    {
      versionNegotiation,
      capabilities: { elicitation: { form: {}, url: {} } },
    },
  );

const toolsOf = async (
  client: Client,
  options: { timeout: number; signal: AbortSignal },
): Promise<Pick<Connected, "tools" | "hasMore">> => {
  // A server may have only resources.
  const hasTools = client.getServerCapabilities()?.tools !== undefined;
  const { items, hasMore } = await allPages(hasTools ? MOST_TOOLS : 0, async (params) => {
    const { tools, nextCursor } = await client.request({ method: "tools/list", params }, options);
    return { items: tools, nextCursor };
  });
  return { tools: items, hasMore };
};

const transportTo = async (
  name: string,
  config: McpServerConfig,
  parts: McpParts,
): Promise<StreamableHTTPClientTransport | StdioTransport> => {
  const { checked, sandbox, secrets, environment, known } = parts;
  if (!("url" in config))
    return new StdioTransport(await sandbox.command(config, await resolveSecrets(config.env, parts), name));
  const fetch = limitedFetch(checked);
  return new StreamableHTTPClientTransport(new URL(config.url), {
    requestInit: { headers: await resolveSecrets(config.headers, parts) },
    fetch: refreshesOf(secrets).through(fetch),
    ...(usesOAuth(config) && {
      authProvider: loginTo({ server: name, config, secrets, environment, known }, fetch),
      skipIssuerMetadataValidation: namesIssuer(config),
    }),
  });
};

const machineLogins: Readonly<
  Record<MachineGrant, (parts: LoginParts, fetch: typeof globalThis.fetch) => OAuthClientProvider>
> = {
  client_credentials: (parts) => new MachineLogin(parts),
  jwt_bearer: (parts, fetch) => new CompanyLogin(parts, fetch),
};

const loginTo = (parts: LoginParts, fetch: typeof globalThis.fetch): OAuthClientProvider => {
  const grant = machineGrant(parts.config);
  return grant === null ? new ServerLogin(parts) : machineLogins[grant](parts, fetch);
};

const isTimeout = (error: unknown): boolean =>
  (error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout) ||
  (error instanceof DOMException && error.name === "TimeoutError");

/** The recursion exceeded the stack. */
const isTooDeep = (error: unknown): boolean => error instanceof RangeError;
const TOO_DEEP = "the schemas of its tools have too many levels";

const notInTime = (milliseconds: number): string =>
  `it did not start and list its tools within ${milliseconds / 1000} seconds`;

/** CODITECT's own error that is the cause of an SDK error, such as a failed login. Null: there is none. */
export const ownErrorIn = (error: unknown): CoditectError | null => {
  if (error instanceof CoditectError) return error;
  return error instanceof Error ? ownErrorIn(error.cause) : null;
};
