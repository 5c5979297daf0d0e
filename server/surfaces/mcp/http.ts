import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { NodeStreamableHTTPServerTransport } from "@modelcontextprotocol/node";
import { createMcpHandler, type McpServer } from "@modelcontextprotocol/server";
import { answerIndependently, isIndependent } from "./independent.ts";

/**
 * The maximum number of sessions at a time. Only protocols before 2026-07-28 use sessions, one for each
 * client, so a larger number suggests abuse.
 */
const MOST_SESSIONS = 32;

interface Session {
  server: McpServer;
  transport: NodeStreamableHTTPServerTransport;
}

/** MCP over streamable HTTP. The surface decides who may call it. */
export interface McpEndpoint {
  /** Answers one request. `body`: the JSON body of a POST. */
  handle(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void>;
  /** Ends all sessions and the runs that their calls wait for. */
  close(): Promise<void>;
}

const refuse = (response: ServerResponse, status: number, message: string): void => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ jsonrpc: "2.0", error: { code: -32000, message }, id: null }));
};

/** `createServer`: called for each session, and for each request since protocol 2026-07-28. */
export const openMcpEndpoint = (createServer: () => McpServer): McpEndpoint => {
  const sessions = new Map<string, Session>();
  // Since protocol 2026-07-28, each request is independent.
  const independent = createMcpHandler(createServer, { legacy: "reject" });

  const openSession = async (): Promise<Session> => {
    const server = createServer();
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => {
        sessions.set(id, { server, transport });
      },
    });
    server.server.onclose = () => {
      if (transport.sessionId !== undefined) sessions.delete(transport.sessionId);
    };
    await server.connect(transport);
    return { server, transport };
  };

  /** Closes the session that has been unused for the longest time. */
  const makeRoom = async (): Promise<void> => {
    const [oldest] = sessions.values();
    if (sessions.size >= MOST_SESSIONS) await oldest?.server.close();
  };

  return {
    handle: async (request, response, body) => {
      if (await isIndependent(request, body)) {
        await answerIndependently(independent, request, response, body);
        return;
      }
      const id = request.headers["mcp-session-id"];
      if (typeof id === "string") {
        const session = sessions.get(id);
        // The client then starts a new one: specification, "Session Management".
        if (session === undefined) {
          refuse(response, 404, "The session was not found");
          return;
        }
        sessions.delete(id);
        sessions.set(id, session);
        await session.transport.handleRequest(request, response, body);
        return;
      }
      if (request.method !== "POST") {
        refuse(response, 400, "The Mcp-Session-Id header is missing");
        return;
      }
      await makeRoom();
      const { server, transport } = await openSession();
      await transport.handleRequest(request, response, body);
      // The request was not an initialization, so it was refused.
      if (transport.sessionId === undefined) await server.close();
    },
    close: async () => {
      await Promise.all([independent.close(), ...[...sessions.values()].map(({ server }) => server.close())]);
    },
  };
};
