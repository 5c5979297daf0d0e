import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { CoditectError, fail } from "../../../schemas/errors.ts";
import type { Log } from "../../platform/log.ts";
import { answer, type Api, EVENTS_PATH, targetOf, verbOf } from "../rest/api.ts";
import { answerOrRefuse, listen, refuseMalformed } from "../rest/listening.ts";
import { sendJson } from "../rest/messages.ts";
import { findRoute } from "../rest/routes.ts";
import { addressOf, authenticate } from "./authenticate.ts";
import { answerMcp, MCP_PATH } from "./mcp-endpoint.ts";
import { openIdentityProvider, type OidcOptions } from "./oidc.ts";
import { RateLimit } from "./rate-limit.ts";
import { type Admitted, openTenant, type Tenant, type TenantRuntime } from "./tenant.ts";
import { workspaceIn } from "./user-workspaces.ts";
import { workOf } from "./work.ts";

export interface TeamServerOptions {
  tenants: readonly TenantRuntime[];
  listen: { host: string; port: number };
  /** In PEM format. */
  tls: { cert: Buffer; key: Buffer };
  oidc?: OidcOptions;
  version: string;
  log: Log;
  /** Requests of one caller per minute. */
  requestsPerMinute: number;
  /** Refused tokens of one address per minute before it must wait. */
  refusalsPerMinute: number;
  /** The maximum size of a body, in bytes. */
  bodyLimit: number;
  now: () => string;
}

/** The runtimes of a team's tenants over HTTPS. */
export interface TeamServer {
  port: number;
  /** Uses another certificate for new connections. */
  renew(tls: TeamServerOptions["tls"]): void;
  /**
   * Accepts no new work, waits for requests and runs to end, at most until `deadline` aborts, and closes the
   * server and the workspaces of users. The runtimes interrupt active runs.
   */
  drain(deadline: AbortSignal): Promise<void>;
}

const MOST_STREAMS = 20;
const DRAIN_RETRY_SECONDS = 5;

/** Methods that start work. A server that is shutting down would have to interrupt it. */
const beginsWork: ReadonlySet<string> = new Set([
  "teams/execute",
  "runs/resume",
  "runs/retry",
  "runs/approve",
  "executions/start",
]);

interface State {
  tenants: readonly Tenant[];
  options: TeamServerOptions;
  provider: ReturnType<typeof openIdentityProvider> | null;
  rates: RateLimit;
  refusals: RateLimit;
  /** Open event streams of each caller. */
  streams: Map<string, number>;
  draining: AbortController;
  closing: AbortController;
}

/** Errors about wrong tokens, as opposed to failures of the server. */
const isRefusal: ReadonlySet<string> = new Set(["unauthenticated", "token_refused"]);

const tooMany = (seconds: number) => fail("too_many_requests", { seconds });

/** Probes reveal nothing of what runs here, so they need no token. */
const answerProbe = (pathname: string, response: ServerResponse, state: State): boolean => {
  if (pathname !== "/healthz" && pathname !== "/readyz") return false;
  if (pathname === "/readyz") {
    if (state.draining.signal.aborted) throw fail("draining", { seconds: DRAIN_RETRY_SECONDS });
    const broken = state.tenants.find(({ store }) => store.readOnlyReason !== null);
    if (broken !== undefined) throw fail("state_read_only", { reason: "a tenant's state cannot be written" });
  }
  sendJson(response, 200, { status: "ok" });
  return true;
};

const methodAt = (verb: string, pathname: string): string => {
  try {
    return findRoute(verb, pathname).route.method;
  } catch {
    return `${verb} ${pathname}`.slice(0, 200);
  }
};

const admit = async (request: IncomingMessage, method: string, state: State): Promise<Admitted> => {
  const now = Date.now();
  const address = addressOf(request);
  const blocked = state.refusals.wait(address, now);
  if (blocked > 0) throw tooMany(blocked);
  try {
    const admitted = await authenticate(request, method, state.tenants, state.provider);
    const wait = state.rates.take(`${admitted.tenant.name} ${admitted.owner}`, now);
    if (wait > 0) throw tooMany(wait);
    return admitted;
  } catch (error) {
    if (error instanceof CoditectError && isRefusal.has(error.code)) state.refusals.take(address, now);
    throw error;
  }
};

/** Counts an open stream of the caller until it ends. Error: `too_many_requests`. */
const countStream = (
  { tenant, owner }: Admitted,
  response: ServerResponse,
  streams: State["streams"],
): void => {
  const name = `${tenant.name} ${owner}`;
  const open = streams.get(name) ?? 0;
  if (open >= MOST_STREAMS) throw tooMany(DRAIN_RETRY_SECONDS);
  streams.set(name, open + 1);
  response.on("close", () => {
    const left = (streams.get(name) ?? 1) - 1;
    if (left === 0) streams.delete(name);
    else streams.set(name, left);
  });
};

/**
 * The target of the address: the tenant's own runtime, or a workspace of the caller until the answer ends.
 */
const apiFor = async (
  { tenant, caller }: Admitted,
  workspaceId: string | null,
  response: ServerResponse,
): Promise<Api> => {
  if (workspaceId === null) return tenant.api;
  const { api, release } = await tenant.workspaces.use(caller.remote.user, workspaceId);
  if (response.closed) release();
  else response.on("close", release);
  return api;
};

const serve = async (request: IncomingMessage, response: ServerResponse, state: State): Promise<void> => {
  const url = targetOf(request);
  const verb = verbOf(request);
  if (verb === "GET" && answerProbe(url.pathname, response, state)) return;
  const place = workspaceIn(url.pathname);
  if (place !== null) url.pathname = place.rest;
  const method = methodAt(verb, url.pathname);
  const admitted = await admit(request, method, state);
  if (state.draining.signal.aborted && (beginsWork.has(method) || url.pathname === MCP_PATH))
    throw fail("draining", { seconds: DRAIN_RETRY_SECONDS });
  const { caller, owner } = admitted;
  const exchange = { request, response, url, caller, owner, closing: state.closing.signal };
  const isMcp = url.pathname === MCP_PATH;
  if (isMcp || (verb === "GET" && url.pathname === EVENTS_PATH))
    countStream(admitted, response, state.streams);
  const api = await apiFor(admitted, place?.workspaceId ?? null, response);
  if (isMcp) await answerMcp(exchange, api);
  else await answer(exchange, api);
};

/** Serves tenants to callers with one of their tokens. The contract defines the role of every method. */
export const openTeamServer = async (options: TeamServerOptions): Promise<TeamServer> => {
  const { version, bodyLimit, now, log } = options;
  const state: State = {
    tenants: options.tenants.map((runtime) => openTenant(runtime, { version, bodyLimit, now })),
    options,
    provider: options.oidc === undefined ? null : openIdentityProvider(options.oidc, log),
    rates: new RateLimit(options.requestsPerMinute),
    refusals: new RateLimit(options.refusalsPerMinute),
    streams: new Map(),
    draining: new AbortController(),
    closing: new AbortController(),
  };
  const limits = { requestTimeout: 30_000, headersTimeout: 10_000, maxHeaderSize: 16 * 1024 };
  const server = createServer({ ...options.tls, ...limits, minVersion: "TLSv1.2" }, (request, response) => {
    void answerOrRefuse(request, response, options.log, () => serve(request, response, state));
  });
  refuseMalformed(server);
  const port = await listen(server, options.listen.port, options.listen.host);
  return {
    port,
    renew: (tls) => {
      server.setSecureContext({ ...tls, minVersion: "TLSv1.2" });
    },
    drain: async (deadline) => {
      state.draining.abort();
      const opened = await Promise.all(state.tenants.map(({ workspaces }) => workspaces.opened()));
      await workOf([...state.tenants, ...opened.flat()], deadline);
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      // Streams end now. Requests that have already arrived may be answered until the deadline.
      state.closing.abort();
      const giveUp = () => {
        server.closeAllConnections();
      };
      deadline.addEventListener("abort", giveUp, { once: true });
      if (deadline.aborted) giveUp();
      await closed;
      deadline.removeEventListener("abort", giveUp);
      for (const { api } of state.tenants) api.history.close();
      const ended = await Promise.allSettled(state.tenants.map(({ workspaces }) => workspaces.close()));
      for (const result of ended) if (result.status === "rejected") throw result.reason;
    },
  };
};
