import { randomBytes, timingSafeEqual } from "node:crypto";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { chmod, rm } from "node:fs/promises";
import { createServer, request as httpRequest } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { connect, isIP } from "node:net";
import type { Socket } from "node:net";
import { pipeline } from "node:stream";
import type { Duplex } from "node:stream";
import { dialable, refusal } from "./policy.ts";
import type { AllowedHost } from "./policy.ts";
import { makeSocketFolder } from "./sockets.ts";

/** What is put on record of a connection. */
export interface ConnectionRecord {
  host: string;
  port: number;
  /** The address that was dialled; null when it was refused. */
  address: string | null;
  reason: string;
}

/** Any program of this machine can reach a port: only who knows the token is served. */
export interface LoopbackProxy {
  port: number;
  token: string;
}

export interface Egress {
  /** The socket to hand into a sandbox or container. */
  readonly socket: string;
  /** Null unless it was asked for. */
  readonly loopback: LoopbackProxy | null;
  /** Ends every connection. */
  close(): Promise<void>;
}

export interface EgressOptions {
  /** Whether it is to listen on the loopback as well. */
  onLoopback?: boolean;
  allowed: readonly AllowedHost[];
  onConnection: (record: ConnectionRecord) => void;
  /** Resolves a name once; tests put their own in its place. */
  resolve?: (host: string) => Promise<string[]>;
}

const MOST_CONNECTIONS = 256;
const IDLE_MS = 300_000;
const DIAL_MS = 15_000;

/** What breaks a connection is told to both of its ends by ending them. */
const ignore = (): void => undefined;

const resolveName = async (host: string): Promise<string[]> =>
  (await lookup(host, { all: true, order: "ipv4first" })).map(({ address }) => address);

/** Whom programs name themselves where a proxy asks for a name and a password. */
export const PROXY_USER = "instance";

const presents = (request: IncomingMessage, token: string | null): boolean => {
  if (token === null) return true;
  const expected = Buffer.from(`Basic ${Buffer.from(`${PROXY_USER}:${token}`).toString("base64")}`);
  const given = Buffer.from(request.headers["proxy-authorization"] ?? "");
  return given.length === expected.length && timingSafeEqual(given, expected);
};

/** Splits `host:port` of a CONNECT request; a bare IPv6 address stands in brackets. */
const target = (authority: string): { host: string; port: number } => {
  const match = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(authority);
  return { host: (match?.[1] ?? match?.[2] ?? "").toLowerCase(), port: Number(match?.[3] ?? 0) };
};

/**
 * The only way out of an instance: an HTTP proxy (CONNECT and plain requests) on a socket of its
 * own. Only listed hosts and ports pass; the name is resolved once and the checked address dialled.
 */
export const openEgress = async (options: EgressOptions): Promise<Egress> => {
  const { allowed, onConnection, resolve = resolveName } = options;
  const { folder, socket } = await makeSocketFolder();
  const open = new Set<Duplex>();
  const keep = <Stream extends Socket>(stream: Stream): Stream => {
    open.add(stream);
    stream.setTimeout(IDLE_MS, () => stream.destroy());
    stream.on("error", () => stream.destroy()).once("close", () => open.delete(stream));
    return stream;
  };

  /** The address to dial; null after the refusal was put on record. */
  const admit = async (host: string, port: number): Promise<string | null> => {
    const refused = refusal(allowed, host, port);
    const addresses =
      refused !== null ? [] : isIP(host) !== 0 ? [host] : await resolve(host).catch((): string[] => []);
    const address = dialable(allowed, host, port, addresses);
    const unreachable =
      addresses.length === 0 ? "its name cannot be resolved" : "it leads to a private or reserved address";
    onConnection({ host, port, address, reason: refused ?? (address === null ? unreachable : "allowed") });
    return address;
  };

  const dial = (host: string, port: number): Promise<Socket> =>
    new Promise((accept, reject) => {
      // Its end must not cut off what is still on its way to a slow reader.
      const outside = keep(connect({ host, port, allowHalfOpen: true }));
      const timer = setTimeout(() => outside.destroy(new Error("no answer")), DIAL_MS);
      outside.once("connect", () => {
        clearTimeout(timer);
        accept(outside);
      });
      outside.once("error", (error) => {
        clearTimeout(timer);
        reject(error);
      });
    });

  const tunnel = async (request: IncomingMessage, inside: Socket, head: Buffer): Promise<void> => {
    const { host, port } = target(request.url ?? "");
    const address = await admit(host, port);
    if (address === null) {
      inside.end(`HTTP/1.1 403 Forbidden\r\n\r\n${host}:${port} is closed to this instance\r\n`);
      return;
    }
    const outside = await dial(address, port);
    inside.write("HTTP/1.1 200 Connection established\r\n\r\n");
    outside.write(head);
    pipeline(inside, outside, ignore);
    pipeline(outside, inside, ignore);
  };

  const forward = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = URL.parse(request.url ?? "");
    const port = Number(url?.port === "" ? 80 : url?.port);
    const address = url?.protocol === "http:" ? await admit(url.hostname, port) : null;
    if (url === null || address === null) {
      response.writeHead(403).end("closed to this instance\n");
      return;
    }
    const { "proxy-connection": _, "proxy-authorization": __, ...headers } = request.headers;
    const outgoing = httpRequest({
      host: address,
      port,
      method: request.method,
      path: url.pathname + url.search,
      headers: { ...headers, host: url.host },
      timeout: IDLE_MS,
    });
    outgoing.once("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      pipeline(answer, response, ignore);
    });
    outgoing.once("error", () => response.destroy());
    response.once("close", () => outgoing.destroy());
    request.pipe(outgoing);
  };

  /** @param token what has to be presented; null: whoever reaches it is served. */
  const serve = (token: string | null): Server => {
    const server = createServer((request, response) => {
      if (presents(request, token)) forward(request, response).catch(() => response.destroy());
      else response.writeHead(407, { "proxy-authenticate": "Basic" }).end();
    });
    server.maxConnections = MOST_CONNECTIONS;
    server.on("connection", keep);
    server.on("connect", (request: IncomingMessage, inside: Socket, head: Buffer) => {
      if (!presents(request, token)) {
        inside.end("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n");
        return;
      }
      tunnel(request, inside, head).catch(() => {
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
  // The folder is closed to other users; inside a container another user has to reach the socket.
  await chmod(socket, 0o666);
  return {
    socket,
    loopback: typeof address === "object" && address !== null ? { port: address.port, token } : null,
    close: async () => {
      server.close();
      near?.close();
      for (const stream of open) stream.destroy();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
