import { randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { chmod, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import { makeSocketFolder } from "./sockets.ts";
import { createTraffic } from "./traffic.ts";
import type { TrafficRules } from "./traffic.ts";

/** A proxy on a loopback port. Any program of this machine can reach it, so callers must know the token. */
export interface LoopbackProxy {
  port: number;
  token: string;
}

export interface Egress {
  /** The socket to hand into a sandbox or container. */
  readonly socket: string;
  /** The proxy on the loopback interface; null unless it was requested. */
  readonly loopback: LoopbackProxy | null;
  /** Ends every connection. */
  close(): Promise<void>;
}

export interface EgressOptions extends TrafficRules {
  /** Whether it also listens on the loopback interface. */
  onLoopback?: boolean;
}

const MOST_CONNECTIONS = 256;

/** The user name of programs, if a proxy asks for a name and a password. */
export const PROXY_USER = "instance";

const presents = (request: IncomingMessage, token: string | null): boolean => {
  if (token === null) return true;
  const expected = Buffer.from(`Basic ${Buffer.from(`${PROXY_USER}:${token}`).toString("base64")}`);
  const given = Buffer.from(request.headers["proxy-authorization"] ?? "");
  return given.length === expected.length && timingSafeEqual(given, expected);
};

/**
 * The only network access of an instance: an HTTP proxy (CONNECT and plain requests) on its own socket.
 * Only listed hosts and ports pass; the name is resolved once, and the checked address is used.
 */
export const openEgress = async (options: EgressOptions): Promise<Egress> => {
  const traffic = createTraffic(options);
  const { folder, socket } = await makeSocketFolder();
  /** @param token the token that clients must present; null serves every client. */
  const serve = (token: string | null): Server => {
    const server = createServer((request, response) => {
      if (presents(request, token)) traffic.forward(request, response).catch(() => response.destroy());
      else response.writeHead(407, { "proxy-authenticate": "Basic" }).end();
    });
    server.maxConnections = MOST_CONNECTIONS;
    server.on("connection", (inside) => {
      traffic.keep(inside);
    });
    server.on("connect", (request: IncomingMessage, inside: Socket, head: Buffer) => {
      if (!presents(request, token)) {
        inside.end("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n");
        return;
      }
      traffic.tunnel(request, inside, head).catch(() => {
        inside.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
      });
    });
    return server;
  };

  const server = serve(null);
  await new Promise<void>((listening) => server.listen(socket, listening));
  const token = randomBytes(24).toString("base64url");
  const near = options.onLoopback === true ? serve(token).listen(0, "127.0.0.1") : null;
  if (near !== null) await once(near, "listening");
  const address = near?.address();
  // In a container, another user must reach the socket. Its folder is closed to other users of this machine.
  await chmod(socket, 0o666);
  return {
    socket,
    loopback: typeof address === "object" && address !== null ? { port: address.port, token } : null,
    close: async () => {
      server.close();
      near?.close();
      traffic.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
