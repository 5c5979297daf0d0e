import type { IncomingMessage, ServerResponse } from "node:http";
import { type NodeIncomingMessageLike, toNodeHandler, toWebRequest } from "@modelcontextprotocol/node";
import { isLegacyRequest, type McpHttpHandler } from "@modelcontextprotocol/server";

/**
 * Converts a type for the SDK. Node's type allows `undefined` in fields that the SDK's type omits. The SDK
 * treats both the same.
 */
const asRequest = (request: IncomingMessage): NodeIncomingMessageLike => request as NodeIncomingMessageLike;

/** Answers one request without any state. `body`: the JSON body of a POST. */
export const answerIndependently = (
  handler: McpHttpHandler,
  request: IncomingMessage,
  response: ServerResponse,
  body: unknown,
): Promise<void> => toNodeHandler(handler)(asRequest(request), response, body);

/** Whether a request uses protocol 2026-07-28 or later. Such requests do not belong to a session. */
export const isIndependent = async (request: IncomingMessage, body: unknown): Promise<boolean> =>
  request.method === "POST" &&
  !(await isLegacyRequest(await toWebRequest(asRequest(request), body ?? null), body));
