import type { IncomingMessage, ServerResponse } from "node:http";
import { type NodeIncomingMessageLike, toNodeHandler, toWebRequest } from "@modelcontextprotocol/node";
import { isLegacyRequest, type McpHttpHandler } from "@modelcontextprotocol/server";

/** For the SDK. Node's type allows `undefined` in fields that the SDK's leaves out; the SDK reads both alike. */
const asRequest = (request: IncomingMessage): NodeIncomingMessageLike => request as NodeIncomingMessageLike;

/** Answers one request, whatever came before it. `body`: of a POST, as JSON. */
export const answerIndependently = (
  handler: McpHttpHandler,
  request: IncomingMessage,
  response: ServerResponse,
  body: unknown,
): Promise<void> => toNodeHandler(handler)(asRequest(request), response, body);

/** Whether a request is of protocol 2026-07-28 or later, in which requests belong to no session. */
export const isIndependent = async (request: IncomingMessage, body: unknown): Promise<boolean> =>
  request.method === "POST" &&
  !(await isLegacyRequest(await toWebRequest(asRequest(request), body ?? null), body));
