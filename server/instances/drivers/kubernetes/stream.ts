import { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import type { WebSocket } from "ws";
import { z } from "zod";
import type { RemoteStream } from "../remote/stream.ts";
import type { ApiRequest, Cluster } from "./cluster.ts";
import { apiError } from "./errors.ts";

const CLOSABLE = "v5.channel.k8s.io";
const PROTOCOLS = [CLOSABLE, "v4.channel.k8s.io"];
const CONNECT_MS = 30_000;
/** The maximum bytes of one message. The API server's own limit is larger. */
const MESSAGE = 256 * 1024;
const KEPT_LOG = 8 * 1024;
const PING_MS = 20_000;

/** The first byte of each message, which names its stream. */
const channel = { input: 0, output: 1, error: 2, status: 3, close: 255 } as const;

const bytesOf = (data: Buffer | ArrayBuffer | Buffer[]): Buffer =>
  Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data);

/** Standard input, as fast as the connection. Version 5 ends it by a message, version 4 by disconnecting. */
const inputOf = (socket: WebSocket): Writable =>
  new Writable({
    highWaterMark: MESSAGE,
    write: (chunk: Buffer, _encoding, done) => {
      const pieces: Buffer[] = [];
      for (let at = 0; at < chunk.length; at += MESSAGE) pieces.push(chunk.subarray(at, at + MESSAGE));
      const send = (index: number): void => {
        const piece = pieces[index];
        if (piece === undefined) {
          done();
          return;
        }
        socket.send(Buffer.concat([Buffer.of(channel.input), piece]), (error) => {
          // The end of the connection is reported by its own event, not to the writer.
          if (error == null) send(index + 1);
          else done();
        });
      };
      send(0);
    },
    final: (done) => {
      if (socket.protocol === CLOSABLE)
        socket.send(Buffer.of(channel.close, channel.input), () => {
          done();
        });
      else {
        socket.close();
        done();
      }
    },
  }).on("error", () => undefined);

const opened = (socket: WebSocket, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const abort = (): void => {
      socket.terminate();
      reject(signal.reason instanceof Error ? signal.reason : new Error("cancelled"));
    };
    const settle = (): void => {
      signal.removeEventListener("abort", abort);
    };
    signal.addEventListener("abort", abort, { once: true });
    socket.once("open", () => {
      settle();
      resolve();
    });
    socket.once("unexpected-response", (_request, response) => {
      settle();
      const refuse = (body: string): void => {
        reject(apiError(response.statusCode ?? 0, body));
        socket.terminate();
      };
      text(response).then(refuse, () => {
        refuse("");
      });
    });
    socket.on("error", (error) => {
      settle();
      reject(error);
    });
  });

/**
 * Opens the streams of `attach` or `exec`. Kubernetes: `v5.channel.k8s.io`, or version 4 of an older API
 * server. Errors: `ApiError`, those of the connection, the signal's reason.
 */
export const openStream = async (
  cluster: Cluster,
  path: string,
  query: NonNullable<ApiRequest["query"]>,
  command: readonly string[],
  signal: AbortSignal,
): Promise<RemoteStream> => {
  const url = cluster.url("ws", path, { ...query, stdin: "true", stdout: "true", stderr: "true" });
  for (const part of command) url.searchParams.append("command", part);
  const { headers, agent, ca, cert, key, rejectUnauthorized, auth } = await cluster.options();
  // Loaded only when a cluster is used, because most starts do not need it.
  const ws = await import("ws");
  const socket = new ws.WebSocket(url, PROTOCOLS, {
    ...{ agent, ca, cert, key, rejectUnauthorized, auth },
    headers: z.record(z.string(), z.string()).catch({}).parse(headers),
    handshakeTimeout: CONNECT_MS,
    perMessageDeflate: false,
  });
  let words = "";
  const output = new Readable({
    highWaterMark: MESSAGE,
    read: () => {
      socket.resume();
    },
  });
  socket.on("message", (data) => {
    const bytes = bytesOf(data);
    const rest = bytes.subarray(1);
    if (bytes[0] === channel.output) {
      if (rest.length > 0 && !output.push(rest)) socket.pause();
    } else if (bytes[0] === channel.error) words = (words + rest.toString("utf8")).slice(-KEPT_LOG);
  });
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => {
      output.push(null);
      resolve();
    });
  });
  await opened(socket, signal);
  // A connection does not report that its other end vanished. A ping without an answer ends it.
  let isAnswered = true;
  const pinging = setInterval(() => {
    if (!isAnswered && !socket.isPaused) socket.terminate();
    isAnswered = false;
    socket.ping();
  }, PING_MS).unref();
  socket.on("pong", () => (isAnswered = true));
  void closed.then(() => {
    clearInterval(pinging);
  });
  return {
    input: inputOf(socket),
    output,
    lastWords: () => words,
    closed,
    close: () => {
      socket.terminate();
    },
  };
};
