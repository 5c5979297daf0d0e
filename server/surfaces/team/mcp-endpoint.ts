import { createMcpHandler } from "@modelcontextprotocol/server";
import { fail } from "../../../schemas/errors.ts";
import type { Connection } from "../../hosting/connection.ts";
import { answerIndependently } from "../mcp/independent.ts";
import { createMcpServer } from "../mcp/server.ts";
import type { Api, Exchange } from "../rest/api.ts";
import { readBody } from "../rest/messages.ts";

export const MCP_PATH = "/mcp";

/**
 * Rejects when the server closes, so that calls that follow a run end. One promise serves all calls of a
 * server.
 */
const lostWith = (closing: AbortSignal): Promise<never> => {
  const known = losses.get(closing);
  if (known !== undefined) return known;
  const lost = new Promise<never>((_, reject) => {
    const tell = (): void => {
      reject(fail("runtime_gone", { how: "the server closes" }));
    };
    if (closing.aborted) tell();
    else closing.addEventListener("abort", tell, { once: true });
  });
  // Most calls follow no run.
  lost.catch(() => undefined);
  losses.set(closing, lost);
  return lost;
};
const losses = new WeakMap<AbortSignal, Promise<never>>();

/** A runtime with the caller's rights: each tool checks the roles of the contract. */
const connectionFor = ({ caller, closing }: Exchange, { dispatch, history }: Api): Connection => ({
  call: (method, params) => dispatch(method, params, { ...caller, surface: "mcp" }, closing),
  subscribe: (listener) =>
    history.follow(null, ({ event }) => {
      listener(event);
    }).stop,
  isAttached: false,
  lost: lostWith(closing),
  close: () => Promise.resolve(),
});

/**
 * The MCP tools over Streamable HTTP, without sessions: each request is independent. Errors:
 * `verb_not_allowed`, `body_too_large`, `invalid_params`.
 */
export const answerMcp = async (exchange: Exchange, api: Api): Promise<void> => {
  const { request, response } = exchange;
  const verb = request.method ?? "GET";
  if (verb !== "POST") throw fail("verb_not_allowed", { path: MCP_PATH, verb, allowed: "POST" });
  const body = await readBody(request, api.bodyLimit);
  const connection = connectionFor(exchange, api);
  const handler = createMcpHandler(() =>
    createMcpServer(() => Promise.resolve({ connection, runOptions: {} }), api.version),
  );
  await answerIndependently(handler, request, response, body);
};
