import type { IncomingMessage, ServerResponse } from "node:http";
import { fail } from "../../../schemas/errors.ts";
import type { Replies } from "../../access/replies.ts";
import type { Caller } from "../../handlers/handlers.ts";
import type { Dispatch } from "../../runtime/dispatch.ts";
import { type Conditions, isKnown, tagOf } from "./conditions.ts";
import type { EventHistory } from "./event-history.ts";
import { streamEvents } from "./event-stream.ts";
import { readBody, sendJson, sendJsonText } from "./messages.ts";
import { openApi } from "./openapi.ts";
import { withOrigin } from "./origin.ts";
import { findRoute, pathFields, readQuery, type Route, routes } from "./routes.ts";

/** The parts that a runtime needs to answer over HTTP. */
export interface Api {
  dispatch: Dispatch;
  history: EventHistory;
  conditions: Conditions;
  /** Omitted: idempotency keys are ignored. */
  replies?: Replies;
  version: string;
  /** The maximum size of a body, in bytes. */
  bodyLimit: number;
}

/** A request of an admitted caller. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  caller: Caller;
  /** The owner of its idempotency keys. */
  owner: string;
  /** Aborts when the server closes. */
  closing: AbortSignal;
}

/** The path that Prometheus reads by convention. */
const METRICS_PATH = "/metrics";
export const EVENTS_PATH = "/api/events";
/** The method whose answer is a secret, which must not be stored. */
const SECRET_METHOD = "tokens/create";

/** Error: `invalid_params` for a text that is not a path, such as `//[`. */
export const targetOf = (request: IncomingMessage): URL => {
  // Only path and query are read from here. The host was checked before.
  const target = URL.parse(`http://127.0.0.1${request.url ?? "/"}`);
  if (target !== null) return target;
  throw fail("invalid_params", { what: "The call", problems: "the address is not a path" });
};

/** HEAD is GET without the body. Node omits the body (RFC 9110, section 9.3.2). */
export const verbOf = ({ method = "GET" }: IncomingMessage): string => (method === "HEAD" ? "GET" : method);

const documents = new Map<string, ReturnType<typeof openApi>>();
/** Stored, because creating it takes time and it never changes. */
const documentOf = (version: string) => {
  const document = documents.get(version) ?? openApi(version);
  documents.set(version, document);
  return document;
};

/** Answers a request. Errors: those of the contract's methods, and those of the request itself. */
export const answer = async (exchange: Exchange, api: Api): Promise<void> => {
  const { request, response, url, caller, closing } = exchange;
  const verb = verbOf(request);
  if (verb === "GET" && url.pathname === "/openapi.json") sendJson(response, 200, documentOf(api.version));
  else if (verb === "GET" && url.pathname === METRICS_PATH) {
    const { text } = await api.dispatch("metrics/prometheus", {}, caller, closing);
    response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
    response.end(text);
  } else if (verb === "GET" && url.pathname === EVENTS_PATH) streamEvents(response, api.history, closing);
  else await answerRoute(exchange, api, findRoute(verb, url.pathname));
};

const answerRoute = async (
  exchange: Exchange,
  api: Api,
  { route, inPath }: ReturnType<typeof findRoute>,
): Promise<void> => {
  const { request, response, caller } = exchange;
  const at = new Date().toISOString();
  const params = await paramsOf(exchange, route, inPath, api.bodyLimit);
  const method: string = route.method;
  const signal = isKeyed(request, route, api) ? exchange.closing : goneSignal(response);
  const ask = () => api.dispatch(method, withOrigin(params, route, request, at), caller, signal);
  if (route.verb === "GET") {
    const text = JSON.stringify(await ask());
    const tag = tagOf(text);
    response.setHeader("etag", tag);
    if (isKnown(request, tag)) response.writeHead(304).end();
    else sendJsonText(response, route.status, text);
    return;
  }
  const change = () =>
    api.conditions.change(request, exchange.url.pathname, () => present(exchange, api, route, inPath), ask);
  sendJson(response, route.status, await onceFor(exchange, api, { route, params }, change));
};

/**
 * A caller that sends a key may repeat the request, so the work continues after the caller has disconnected.
 */
const isKeyed = ({ headers }: IncomingMessage, { verb }: Route, { replies }: Api): boolean =>
  headers["idempotency-key"] !== undefined && verb === "POST" && replies !== undefined;

/** Aborts when the caller has disconnected. */
const goneSignal = (response: ServerResponse): AbortSignal => {
  const gone = new AbortController();
  response.on("close", () => {
    gone.abort();
  });
  return gone.signal;
};

/** Does the work once for each idempotency key. */
const onceFor = async (
  { request, response, url, owner }: Exchange,
  { replies }: Api,
  { route, params }: { route: Route; params: unknown },
  work: () => Promise<unknown>,
): Promise<unknown> => {
  const key = request.headers["idempotency-key"];
  if (key === undefined || route.verb !== "POST" || replies === undefined) return work();
  if (typeof key !== "string" || key === "" || key.length > 255 || route.method === SECRET_METHOD)
    throw fail("invalid_params", {
      what: "The header Idempotency-Key",
      problems:
        route.method === SECRET_METHOD
          ? "this call takes none, because its answer is a secret"
          : "it must have 1 to 255 characters",
    });
  const asked = `${route.verb} ${url.pathname} ${JSON.stringify(params)}`;
  const { body, isRepeated } = await replies.once({ owner, key, request: asked }, work);
  if (isRepeated) response.setHeader("idempotency-replayed", "true");
  return body;
};

/** The answer to a GET of the address. Null if it cannot be read. */
const present = async (
  { caller, closing }: Exchange,
  { dispatch }: Api,
  changing: Route,
  inPath: Record<string, string>,
): Promise<unknown> => {
  const reading = routes.find(({ verb, path }) => verb === "GET" && path === changing.path);
  if (reading === undefined) return null;
  const method: string = reading.method;
  return dispatch(method, inPath, caller, closing);
};

const paramsOf = async (
  { request, url }: Exchange,
  route: Route,
  inPath: Record<string, string>,
  bodyLimit: number,
): Promise<Record<string, unknown>> => {
  const body = route.verb === "GET" || route.verb === "DELETE" ? {} : await readBody(request, bodyLimit);
  const given = { ...body, ...readQuery(route, url.searchParams) };
  for (const field of pathFields(route)) {
    if (given[field] === undefined || given[field] === inPath[field]) continue;
    throw fail("invalid_params", { what: "The call", problems: `${field}: is not the one in the address` });
  }
  return { ...given, ...inPath };
};
