import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { Server } from "node:net";
import type { Duplex } from "node:stream";
import { CoditectError, fail } from "../../../schemas/errors.ts";
import type { SurfaceOptions } from "../../hosting/surface.ts";
import { problemOf, PROBLEM_TYPE, sendProblem } from "./messages.ts";

/** Answers a request. If `serve` fails, answers with problem details. A defect is logged with a reference. */
export const answerOrRefuse = async (
  request: IncomingMessage,
  response: ServerResponse,
  log: SurfaceOptions["log"],
  serve: () => Promise<void>,
): Promise<void> => {
  try {
    await serve();
  } catch (error) {
    if (response.destroyed || response.headersSent) return;
    if (error instanceof CoditectError) {
      sendProblem(response, error);
      return;
    }
    const reference = crypto.randomUUID();
    log("error", "A request failed", { reference, error: String(error), path: request.url });
    sendProblem(response, fail("internal", { reference }));
  }
};

/** What Node reports of bytes that are no request, with the status that belongs to it. */
const malformed: Readonly<Record<string, { status: string; problems: string }>> = {
  HPE_HEADER_OVERFLOW: {
    status: "431 Request Header Fields Too Large",
    problems: "its header is too large",
  },
  ERR_HTTP_REQUEST_TIMEOUT: { status: "408 Request Timeout", problems: "it did not arrive in time" },
};

/** How long a client has to close the connection after the answer. */
const CLOSE_MS = 2000;

/**
 * Answers bytes that are no request, or a body that does not arrive as announced, with problem details, as all else,
 * and ends the connection. While an answer has begun and is not complete, for example a stream of events, it only ends
 * the connection: the client would take this answer for a part of the other one.
 */
export const refuseMalformed = (server: Pick<HttpServer, "on">, closeMs = CLOSE_MS): void => {
  /** Answers go out in the order of their requests, so the last one of a connection is complete after all others. */
  const lastAnswers = new WeakMap<Duplex, ServerResponse>();
  server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    lastAnswers.set(socket, response);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    const last = lastAnswers.get(socket);
    // An answer gets its socket when those before it are complete. Before its header is sent, this one can replace it.
    const isReplaceable = last?.socket === socket && !last.headersSent;
    const isAnswering = last?.writableFinished === false && !isReplaceable;
    if (error.code === "ECONNRESET" || !socket.writable || isAnswering) {
      socket.destroy();
      return;
    }
    const { status, problems } = malformed[error.code ?? ""] ?? {
      status: "400 Bad Request",
      problems: "it is not valid HTTP",
    };
    const problem = problemOf(fail("invalid_params", { what: "The request", problems }), parseInt(status));
    const body = JSON.stringify(problem);
    const headers = `content-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
    socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`);
    // Node's own time limits end with its parser: a client that never closes would keep the connection.
    const late = setTimeout(() => socket.destroy(), closeMs);
    socket.once("close", () => {
      clearTimeout(late);
    });
  });
};

/** Listens, and resolves with the port. Port 0 selects a free port. */
export const listen = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("not a network address"));
      else resolve(address.port);
    });
  });
