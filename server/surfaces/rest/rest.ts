import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { CoditectError, fail } from "../../../schemas/errors.ts";
import type { Connection } from "../../hosting/connection.ts";
import type { Surface, SurfaceOptions } from "../../hosting/surface.ts";
import type { McpEndpoint } from "../mcp/http.ts";
import { streamEvents } from "./event-stream.ts";
import { admit, admitLocal } from "./guard.ts";
import { readBody, sendJson, sendProblem } from "./messages.ts";
import { openApi } from "./openapi.ts";
import { findRoute, pathFields, readQuery, type Route } from "./routes.ts";
import { OWNERSHIP_PATH, ownershipProof } from "../../hosting/ownership.ts";

const paramsOf = async (
  request: IncomingMessage,
  route: Route,
  inPath: Record<string, string>,
  query: URLSearchParams,
): Promise<Record<string, unknown>> => {
  const body = route.verb === "GET" || route.verb === "DELETE" ? {} : await readBody(request);
  const given = { ...body, ...readQuery(route, query) };
  for (const field of pathFields(route)) {
    if (given[field] === undefined || given[field] === inPath[field]) continue;
    throw fail("invalid_params", { what: "The call", problems: `${field}: is not the one in the address` });
  }
  return { ...given, ...inPath };
};

/** What a server answers with; the document takes a while to make and is the same each time. */
interface Served extends SurfaceOptions {
  document: () => ReturnType<typeof openApi>;
  mcp: () => Promise<McpEndpoint>;
  /** Aborts when the server closes. */
  closing: AbortSignal;
}

/** Errors: `invalid_params` for what is no path, such as `//[`. */
const targetOf = (request: IncomingMessage): URL => {
  const target = URL.parse(`http://127.0.0.1${request.url ?? "/"}`);
  if (target !== null) return target;
  throw fail("invalid_params", { what: "The call", problems: "the address is not a path" });
};

/** Where MCP clients connect to. */
const MCP_PATH = "/mcp";

/** Where Prometheus looks, by its own convention. */
const METRICS_PATH = "/metrics";

const serve = async (
  request: IncomingMessage,
  response: ServerResponse,
  { runtime, token, role = "admin", document, mcp, closing }: Served,
): Promise<void> => {
  // The host is not looked at again: only path and query are read from here.
  const { pathname, searchParams } = targetOf(request);
  if (request.method === "GET" && pathname === OWNERSHIP_PATH) {
    admitLocal(request);
    const { localPort = 0 } = request.socket;
    sendJson(response, 200, { proof: ownershipProof(token, searchParams.get("challenge") ?? "", localPort) });
    return;
  }
  admit(request, token);
  // It came over a connection that was open already.
  if (closing.aborted) throw fail("runtime_gone", { how: "it is ending" });
  const verb = request.method ?? "GET";
  if (verb === "GET" && pathname === "/openapi.json") {
    sendJson(response, 200, document());
    return;
  }
  if (pathname === MCP_PATH) {
    await (await mcp()).handle(request, response, verb === "POST" ? await readBody(request) : undefined);
    return;
  }
  if (verb === "GET" && pathname === METRICS_PATH) {
    const { dispatch: ask } = await runtime;
    const { text } = await ask("metrics/prometheus", {}, { role, surface: "rest" }, closing);
    response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
    response.end(text);
    return;
  }
  if (verb === "GET" && pathname === "/api/events") {
    streamEvents(response, (await runtime).subscribe, closing);
    return;
  }
  const { route, inPath } = findRoute(verb, pathname);
  const params = await paramsOf(request, route, inPath, searchParams);
  const gone = new AbortController();
  response.on("close", () => {
    gone.abort();
  });
  const { dispatch } = await runtime;
  const method: string = route.method;
  const result = await dispatch(method, params, { role, surface: "rest" }, gone.signal);
  sendJson(response, route.status, result);
};

const handle = async (request: IncomingMessage, response: ServerResponse, options: Served): Promise<void> => {
  try {
    await serve(request, response, options);
  } catch (error) {
    if (response.destroyed || response.headersSent) return;
    if (error instanceof CoditectError) {
      sendProblem(response, error);
      return;
    }
    const reference = crypto.randomUUID();
    options.log("error", "A request failed", { reference, error: String(error), path: request.url });
    sendProblem(response, fail("internal", { reference }));
  }
};

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("not a network address"));
      else resolve(address.port);
    });
  });

/** Loaded when the first client asks for it. */
const openMcp = async ({ runtime, role = "admin", version }: SurfaceOptions): Promise<McpEndpoint> => {
  const { openMcpEndpoint } = await import("../mcp/http.ts");
  const { dispatch, subscribe } = await runtime;
  const connection: Connection = {
    // Nobody ends such a call early: what takes long is followed by its events.
    call: (method, params) =>
      dispatch(method, params, { role, surface: "rest" }, new AbortController().signal),
    subscribe,
    isAttached: false,
    lost: new Promise<never>(() => undefined),
    close: () => Promise.resolve(),
  };
  return openMcpEndpoint(connection, version);
};

/** Longest a request may keep a server from closing. */
const CLOSE_MILLISECONDS = 1000;

/** The contract over HTTP, on loopback alone. Contract: "REST". */
export const serveRest = async (options: SurfaceOptions): Promise<Surface> => {
  let document: ReturnType<typeof openApi> | null = null;
  let mcp: Promise<McpEndpoint> | null = null;
  const closing = new AbortController();
  const served: Served = {
    ...options,
    document: () => (document ??= openApi(options.version)),
    mcp: () => (mcp ??= openMcp(options)),
    closing: closing.signal,
  };
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
    void handle(request, response, served);
  });
  const port = await listen(server, options.port ?? 0);
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        const giveUp = setTimeout(() => {
          server.closeAllConnections();
        }, CLOSE_MILLISECONDS);
        server.close(() => {
          clearTimeout(giveUp);
          resolve();
        });
        closing.abort();
        void mcp?.then((endpoint) => endpoint.close());
      }),
  };
};
