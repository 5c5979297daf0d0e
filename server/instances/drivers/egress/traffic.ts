import { lookup } from "node:dns/promises";
import { request as httpRequest } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect, isIP } from "node:net";
import type { Socket } from "node:net";
import { pipeline } from "node:stream";
import { dialable, isClosedAddress, refusal } from "./policy.ts";
import type { AllowedHost } from "./policy.ts";

/** The record of a connection. */
export interface ConnectionRecord {
  host: string;
  port: number;
  /** The address that was used; null if it was refused. */
  address: string | null;
  reason: string;
}

export interface TrafficRules {
  allowed: readonly AllowedHost[];
  /** Asks about a host that is not listed: resolves with why it is refused, or null. Left out, all are refused. */
  ask?: (host: string, port: number) => Promise<string | null>;
  onConnection: (record: ConnectionRecord) => void;
  /** Resolves a name. Tests replace this. */
  resolve?: (host: string) => Promise<string[]>;
}

/** The traffic through the proxy of one instance. */
export interface Traffic {
  /** Registers a connection, which ends when it is idle for too long or `end` is called. */
  keep(socket: Socket): void;
  /** Serves a CONNECT request. Errors: why the host cannot be reached. */
  tunnel(request: IncomingMessage, inside: Socket, head: Buffer): Promise<void>;
  /** Serves a plain request. */
  forward(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Ends every connection. */
  end(): void;
}

const IDLE_MS = 300_000;
const DIAL_MS = 15_000;

/** When a connection breaks, both of its ends are closed, so nobody needs the error. */
const ignore = (): void => undefined;

const resolveName = async (host: string): Promise<string[]> =>
  (await lookup(host, { all: true, order: "ipv4first" })).map(({ address }) => address);

/** Splits `host:port` of a CONNECT request; an IPv6 address is in brackets. */
const target = (authority: string): { host: string; port: number } => {
  const match = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(authority);
  return { host: (match?.[1] ?? match?.[2] ?? "").toLowerCase(), port: Number(match?.[3] ?? 0) };
};

/** Passes only listed hosts. Each name is resolved once, and the address that was checked is used. */
export const createTraffic = ({
  allowed,
  ask,
  onConnection,
  resolve = resolveName,
}: TrafficRules): Traffic => {
  const open = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    open.add(socket);
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    return socket.on("error", () => socket.destroy()).once("close", () => open.delete(socket));
  };

  /** The address to connect to; null after the refusal was recorded. */
  const admit = async (host: string, port: number): Promise<string | null> => {
    const listed = refusal(allowed, host, port);
    // The user is not asked about addresses of our networks, because they stay closed.
    const isAskedFor = listed !== null && ask !== undefined && !(isIP(host) !== 0 && isClosedAddress(host));
    const refused = isAskedFor ? await ask(host, port) : listed;
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
      // When the other side ends, data that is still on its way to a slow reader must not be cut off.
      const outside = keep(connect({ host, port, allowHalfOpen: true }));
      const timer = setTimeout(() => outside.destroy(new Error("no answer")), DIAL_MS);
      outside.once("connect", () => {
        clearTimeout(timer);
        accept(outside);
      });
      outside.once("close", () => {
        clearTimeout(timer);
        reject(outside.errored ?? new Error("it was closed"));
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
      try {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        pipeline(answer, response, ignore);
      } catch {
        // A server can send a status or headers that Node can read but refuses to write.
        response.destroy();
      }
    });
    outgoing.on("error", () => response.destroy());
    response.once("close", () => outgoing.destroy());
    request.pipe(outgoing);
  };

  return {
    keep,
    tunnel,
    forward,
    end: () => {
      for (const socket of open) socket.destroy();
    },
  };
};
