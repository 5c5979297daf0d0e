import { mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Role } from "../../schemas/contract.ts";
import { AuditLog } from "../../server/access/audit-log.ts";
import { TokenBook } from "../../server/access/token-book.ts";
import { openCredentialStore } from "../../server/gateway/credentials.ts";
import {
  openTeamServer,
  type TeamServer,
  type TeamServerOptions,
} from "../../server/surfaces/team/server.ts";
import type { OpenWorkspace } from "../../server/surfaces/team/user-workspaces.ts";
import { ReceivedFiles } from "../../server/transfer/received-files.ts";
import { root } from "./command.ts";
import { testDispatch, type TestDispatch } from "./dispatch.ts";
import { memoryStore } from "./memory-store.ts";

const tlsFile = (name: string): Buffer => readFileSync(join(root, "test", "fixtures", "tls", name));
/** A certificate for localhost. Its private key is only used in tests. */
export const testTls = { cert: tlsFile("cert.pem"), key: tlsFile("key.pem") };

export interface HttpAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  json: Record<string, unknown>;
}

export interface HttpsCall {
  token?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
  /** If left out, the request uses a new connection. */
  agent?: Agent;
}

const parsed = (body: string): Record<string, unknown> => {
  try {
    return JSON.parse(body) as Record<string, unknown>;
  } catch {
    return {};
  }
};

/** Makes one request over TLS, and checks the certificate. */
export const callHttps = (
  port: number,
  verb: string,
  path: string,
  { token, body, headers = {}, agent }: HttpsCall = {},
): Promise<HttpAnswer> =>
  new Promise((resolve, reject) => {
    const sent = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
    const asked = request(
      {
        host: "127.0.0.1",
        port,
        method: verb,
        path,
        ca: testTls.cert,
        agent: agent ?? false,
        headers: {
          ...(token != null && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && {
            "content-type": "application/json",
            "content-length": Buffer.byteLength(sent),
          }),
          ...headers,
        },
      },
      (response) => {
        text(response).then((answer) => {
          const { statusCode: status = 0, headers: received } = response;
          resolve({ status, headers: received, text: answer, json: parsed(answer) });
        }, reject);
      },
    );
    asked.on("error", reject);
    asked.end(sent);
  });

interface TestTenant extends TestDispatch {
  name: string;
  tokens: TokenBook;
  audit: AuditLog;
  openWorkspace: OpenWorkspace;
  /** The file of its stored keys. */
  keysFile: string;
  /** A token of the role, which is created when first needed. */
  token(role: Role): Promise<string>;
}

export interface TestTeam {
  server: TeamServer;
  tenants: readonly [TestTenant, TestTenant];
  call: (verb: string, path: string, call?: HttpsCall) => Promise<HttpAnswer>;
  close(): Promise<void>;
}

const now = (): string => new Date().toISOString();

type TeamParts = NonNullable<Parameters<typeof testDispatch>[1]> & {
  /** Whether each tenant can store keys. */
  hasVault?: boolean;
};

const tenantOf = (
  name: string,
  id: string,
  folder: string,
  { hasVault = false, ...parts }: TeamParts,
): TestTenant => {
  const store = memoryStore(id);
  const audit = new AuditLog(join(folder, name), now, "os");
  const tokens = new TokenBook(store, now);
  const made = new Map<Role, Promise<string>>();
  const keysFile = join(folder, `${name}.keys`);
  const vault = openCredentialStore({
    file: keysFile,
    variable: "CODITECT_PASSPHRASE",
    passphrase: () => Promise.resolve(name),
    now,
  });
  return {
    ...testDispatch(join(folder, name), { ...parts, store, audit, ...(hasVault && { vault }) }),
    keysFile,
    openWorkspace: async (user, workspaceId) => {
      const received = await ReceivedFiles.open(join(folder, name, user, workspaceId));
      const opened = testDispatch(received.workspace, { ...parts, store: memoryStore(id), audit, received });
      return { ...opened, close: () => Promise.resolve() };
    },
    name,
    tokens,
    audit,
    token: (role) => {
      const token =
        made.get(role) ??
        tokens.create({ user: `${name}-${role}`, role, expires_at: null }).then(({ secret }) => secret);
      made.set(role, token);
      return token;
    },
  };
};

/** A real server of two tenants over TLS. Its runtimes are dispatch and handlers with stores in memory. */
export const testTeam = async (
  options: Partial<TeamServerOptions> = {},
  parts: TeamParts = {},
): Promise<TestTeam> => {
  const folder = mkdtempSync(join(tmpdir(), "coditect-team-"));
  const { mkdir } = await import("node:fs/promises");
  for (const name of ["acme", "globex"]) await mkdir(join(folder, name));
  const tenants = [
    tenantOf("acme", "00000000-0000-4000-8000-00000000000a", folder, parts),
    tenantOf("globex", "00000000-0000-4000-8000-00000000000b", folder, parts),
  ] as const;
  const server = await openTeamServer({
    tenants,
    listen: { host: "127.0.0.1", port: 0 },
    tls: testTls,
    version: "1.2.3",
    log: () => undefined,
    requestsPerMinute: 1_000_000,
    refusalsPerMinute: 1_000_000,
    bodyLimit: 1024 * 1024,
    now,
    ...options,
  });
  const agent = new Agent({ keepAlive: true });
  return {
    server,
    tenants,
    call: (verb, path, call) => callHttps(server.port, verb, path, { agent, ...call }),
    close: async () => {
      agent.destroy();
      await server.drain(AbortSignal.abort());
      for (const { audit } of tenants) await audit.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
