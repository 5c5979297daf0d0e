import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { RunnableService, ServiceContainer } from "./container.ts";
import type { Identity } from "./identity.ts";

const COOKIE = "GAESA";
const HEAD_END = "\r\n\r\n";

/** The text of the request, without the headers that the front end removes. */
const rawRequest = ({ method, url, rawHeaders }: IncomingMessage): string => {
  const lines: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    if (name.toLowerCase() !== "authorization") lines.push(`${name}: ${rawHeaders[at + 1] ?? ""}`);
  }
  return `${method ?? "GET"} ${url ?? "/"} HTTP/1.1\r\n${lines.join("\r\n")}${HEAD_END}`;
};

/** A service with its front end, which only accepts callers with an ID token for it. */
export class RunningService {
  readonly #identity: Identity;
  readonly #service: RunnableService;
  readonly #hasMetadata: boolean;
  readonly #server: Server;
  readonly #containers = new Map<string, ServiceContainer>();
  readonly #sockets = new Set<Duplex>();
  /** The statuses of refused connections. */
  readonly refused: number[] = [];
  /** The answer to each connection, in place of a container. */
  refusal: { status: number; page: string } | null = null;
  #starting = 0;

  private constructor(service: RunnableService, identity: Identity, hasMetadata: boolean) {
    this.#service = service;
    this.#identity = identity;
    this.#hasMetadata = hasMetadata;
    this.#server = createServer((_request, response) => response.writeHead(403).end());
    this.#server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on("error", () => undefined);
      this.#enter(request, socket, head).catch(() => socket.destroy());
    });
  }

  static async start(body: unknown, identity: Identity, hasMetadata: boolean): Promise<RunningService> {
    const service = new RunningService(RunnableService.parse(body), identity, hasMetadata);
    service.#server.listen(0, "127.0.0.1");
    await once(service.#server, "listening");
    return service;
  }

  get uri(): string {
    // A server that listens on a port has an address of this form.
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get containers(): ServiceContainer[] {
    return [...this.#containers.values()];
  }

  /** Ends every connection, as Cloud Run does after the longest time of a request. */
  breakConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.breakConnections();
    this.#server.closeAllConnections();
    this.#server.close();
    await Promise.all(this.containers.map((container) => container.kill()));
  }

  async #enter(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const refuse = (status: number, page = ""): void => {
      this.refused.push(status);
      socket.end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\n\r\n${page}`);
    };
    const refusal = await this.#identity.refusal(request.headers.authorization, this.uri);
    if (refusal !== null) {
      refuse(refusal);
      return;
    }
    if (this.refusal !== null) {
      refuse(this.refusal.status, this.refusal.page);
      return;
    }
    const container = await this.#choose(request.headers.cookie ?? "");
    if (container === null) {
      refuse(429);
      return;
    }
    this.#sockets.add(socket);
    const inside = container.connect();
    inside.write(rawRequest(request));
    inside.write(head);
    let answer = Buffer.alloc(0);
    const readHead = (chunk: Buffer): void => {
      answer = Buffer.concat([answer, chunk]);
      const at = answer.indexOf(HEAD_END);
      if (at < 0) return;
      inside.off("data", readHead).pause();
      socket.write(
        `${answer.subarray(0, at).toString("latin1")}\r\nset-cookie: ${COOKIE}=${container.id}; path=/${HEAD_END}`,
      );
      socket.write(answer.subarray(at + HEAD_END.length));
      inside.pipe(socket);
    };
    inside.on("data", readHead);
    socket.pipe(inside);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      inside.destroy();
    });
    inside.once("close", () => socket.destroy());
  }

  /** The container that the cookie names, or a new one; null if no more containers are allowed. */
  async #choose(cookie: string): Promise<ServiceContainer | null> {
    const known = this.#containers.get(new RegExp(`${COOKIE}=(\\w+)`).exec(cookie)?.[1] ?? "");
    if (known !== undefined && !known.isBusy) return known;
    const { maxInstanceCount } = this.#service.template.scaling;
    if (this.#containers.size + this.#starting >= maxInstanceCount) return null;
    this.#starting += 1;
    try {
      const container = await ServiceContainer.start(this.#service, this.#hasMetadata);
      this.#containers.set(container.id, container);
      void container.ended.then(() => this.#containers.delete(container.id));
      return container;
    } finally {
      this.#starting -= 1;
    }
  }
}
