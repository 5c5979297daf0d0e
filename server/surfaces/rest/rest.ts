import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { fail } from "../../../schemas/errors.ts";
import type { Connection } from "../../hosting/connection.ts";
import { OWNERSHIP_PATH, ownershipProof } from "../../hosting/ownership.ts";
import type { Surface, SurfaceOptions } from "../../hosting/surface.ts";
import type { McpEndpoint } from "../mcp/http.ts";
import { answer, type Api, targetOf } from "./api.ts";
import { Conditions } from "./conditions.ts";
import { EventHistory } from "./event-history.ts";
import { admit, admitLocal } from "./guard.ts";
import { answerOrRefuse, listen, refuseMalformed } from "./listening.ts";
import { readBody, sendJson } from "./messages.ts";

/** The maximum size of a request's body, in bytes. The options of a run contain unsaved documents. */
const BODY_BYTES = 16 * 1024 * 1024;

interface Served extends SurfaceOptions {
  /** The handler, after the runtime is open. */
  api: Promise<Api>;
  mcp: () => Promise<McpEndpoint>;
  /** Aborts when the server closes. */
  closing: AbortSignal;
}

/** The address for MCP clients. */
const MCP_PATH = "/mcp";

const serve = async (
  request: IncomingMessage,
  response: ServerResponse,
  { api, mcp, token, role = "admin", closing }: Served,
): Promise<void> => {
  const url = targetOf(request);
  if (request.method === "GET" && url.pathname === OWNERSHIP_PATH) {
    admitLocal(request);
    const { localPort = 0 } = request.socket;
    const challenge = url.searchParams.get("challenge") ?? "";
    sendJson(response, 200, { proof: ownershipProof(token, challenge, localPort) });
    return;
  }
  admit(request, token);
  // The request came over a connection that was already open.
  if (closing.aborted) throw fail("runtime_gone", { how: "it is ending" });
  if (url.pathname === MCP_PATH) {
    const body = request.method === "POST" ? await readBody(request, BODY_BYTES) : undefined;
    await (await mcp()).handle(request, response, body);
    return;
  }
  const caller = { role, surface: "rest" } as const;
  await answer({ request, response, url, caller, owner: "local", closing }, await api);
};

const openApiOf = async ({ runtime, version }: SurfaceOptions): Promise<Api> => {
  const { dispatch, subscribe } = await runtime;
  return {
    dispatch,
    history: new EventHistory(subscribe),
    conditions: new Conditions(),
    version,
    bodyLimit: BODY_BYTES,
  };
};

/** Loaded when the first client asks for it. */
const openMcp = async ({ runtime, role = "admin", version }: SurfaceOptions): Promise<McpEndpoint> => {
  const [{ openMcpEndpoint }, { createMcpServer }] = await Promise.all([
    import("../mcp/http.ts"),
    import("../mcp/server.ts"),
  ]);
  const { dispatch, subscribe } = await runtime;
  const connection: Connection = {
    // Such a call is never ended early: events report on long work.
    call: (method, params) =>
      dispatch(method, params, { role, surface: "mcp" }, new AbortController().signal),
    subscribe,
    isAttached: false,
    lost: new Promise<never>(() => undefined),
    close: () => Promise.resolve(),
  };
  const session = Promise.resolve({ connection, runOptions: {} });
  return openMcpEndpoint(() => createMcpServer(() => session, version));
};

/** The maximum time that a request can delay the end of a server. */
const CLOSE_MILLISECONDS = 1000;

/** The contract over HTTP, only on loopback. Contract: "REST". */
export const serveRest = async (options: SurfaceOptions): Promise<Surface> => {
  const closing = new AbortController();
  const api = openApiOf(options);
  // If the runtime does not open, every request gets this error.
  api.catch(() => undefined);
  let mcp: Promise<McpEndpoint> | null = null;
  const served: Served = {
    ...options,
    api,
    mcp: () =>
      (mcp ??= openMcp(options).catch((error: unknown) => {
        mcp = null;
        throw error;
      })),
    closing: closing.signal,
  };
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
    void answerOrRefuse(request, response, options.log, () => serve(request, response, served));
  });
  refuseMalformed(server);
  const port = await listen(server, options.port ?? 0, "127.0.0.1");
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
        // If it could not be opened, there is nothing to close.
        void mcp?.then((endpoint) => endpoint.close()).catch(() => undefined);
        void api.then(
          ({ history }) => {
            history.close();
          },
          () => undefined,
        );
      }),
  };
};
