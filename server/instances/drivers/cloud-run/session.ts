import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import { z } from "zod";
import { untilAborted } from "../../../../schemas/abortable.ts";
import { fail } from "../../../../schemas/errors.ts";
import type { RemoteStream } from "../remote/stream.ts";
import { shortened } from "./conditions.ts";
import { CloudRunError, isAway } from "./errors.ts";
import { bytesOf, Link, LONGEST_FRAME } from "./gateway/link.ts";
import { channels, refusals } from "./gateway/protocol.ts";
import type { Greeting, Order } from "./gateway/protocol.ts";

const CONNECT_MS = 30_000;
const GREET_MS = 10_000;
/** How long a broken connection may take to be resumed. The container waits a little longer. */
const RESUME_MS = 30_000;
const PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 3000;
/** After this many answers from containers that do not know the session, its own container is gone. */
const STRANGERS = 3;
/** Cloud Run keeps a connection open while there is traffic. */
const PING_MS = 20_000;
const END_MS = 2000;
/** Characters of a refusal's page that are read. */
const LONGEST_PAGE = 20_000;

const Welcome = z.object({ received: z.int().nonnegative(), is_root: z.boolean() });
type Welcome = z.infer<typeof Welcome>;
const Ended = z.object({
  ended: z.object({
    channel: z.int(),
    code: z.int().nullable(),
    signal: z.string().nullable(),
    out_of_memory: z.boolean(),
    words: z.string(),
  }),
});
/** How a program in the container ended. */
export type ProgramEnd = z.infer<typeof Ended>["ended"];

/** The address of a service, and the caller's credentials. */
export interface ServiceDoor {
  /** `https://…`, from the service's `uri`. */
  uri: string;
  /** An ID token for the service; requested before each connection, because it is valid for an hour. */
  token: () => Promise<string>;
}

/** A container refused to be this session's. */
class Stranger extends Error {
  override readonly name = "Stranger";
}

const reasonOf = ({ reason }: AbortSignal): Error =>
  reason instanceof Error ? reason : new Error("cancelled");

/** The text of a refusal, which may be a page. Empty if it does not arrive. */
const wordsOf = async (response: IncomingMessage): Promise<string> => {
  let page = "";
  try {
    response.setEncoding("utf8");
    for await (const chunk of response) {
      page += String(chunk);
      if (page.length > LONGEST_PAGE) break;
    }
  } catch {
    // What has arrived is enough.
  }
  const read = page.slice(0, LONGEST_PAGE);
  return shortened(read.replace(/<(style|script|title)\b.*?<\/\1>|<[^<>]*>/gis, " "));
};

/** Why there is no container yet, in words. */
const awayReason = (error: unknown): string => {
  if (error instanceof Stranger) return "its container still belongs to an instance that has just ended";
  const message = error instanceof Error ? error.message : String(error);
  const isFull = error instanceof CloudRunError && error.status === 429;
  return isFull ? `${message} (cloud_run.max_instances limits the number of containers)` : message;
};

/** Opens a WebSocket to whichever container Cloud Run chooses. Errors: `CloudRunError`, those of the connection. */
const connect = async ({ uri, token }: ServiceDoor, cookie: string | null, signal: AbortSignal) => {
  const headers = {
    authorization: `Bearer ${await untilAborted(token(), signal, () => reasonOf(signal))}`,
    ...(cookie !== null && { cookie }),
  };
  const ws = await import("ws");
  const socket = new ws.WebSocket(uri.replace(/^http/, "ws"), {
    ...{ headers, handshakeTimeout: CONNECT_MS, maxPayload: LONGEST_FRAME, perMessageDeflate: false },
  });
  socket.on("error", () => undefined);
  let affinity = cookie;
  socket.once("upgrade", ({ headers: answered }) => {
    const [set] = answered["set-cookie"] ?? [];
    if (set !== undefined) affinity = set.split(";")[0] ?? null;
  });
  await new Promise<void>((resolve, reject) => {
    const abort = (): void => {
      socket.terminate();
      reject(reasonOf(signal));
    };
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    const settle = (done: () => void): void => {
      signal.removeEventListener("abort", abort);
      done();
    };
    socket.once("open", () => {
      settle(resolve);
    });
    socket.once("unexpected-response", (_request, response) => {
      const status = response.statusCode ?? 0;
      void wordsOf(response).then((words) => {
        settle(() => {
          const said = words === "" ? "" : `: ${words}`;
          reject(new CloudRunError(status, `its service answered ${status} to a connection${said}`));
        });
        socket.terminate();
      });
    });
    socket.once("error", (error) => {
      settle(() => {
        reject(error);
      });
    });
  });
  return { socket, cookie: affinity };
};

/**
 * Says which session comes, and waits for the container's answer. `accept` is called before the next
 * message arrives, because the container may send what the last connection lost right away.
 */
const greet = async (
  socket: WebSocket,
  greeting: Greeting,
  accept: (welcome: Welcome) => void,
): Promise<Welcome> => {
  socket.send(JSON.stringify(greeting));
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      socket.terminate();
    }, GREET_MS);
    socket.once("message", (data: RawData) => {
      clearTimeout(late);
      socket.removeAllListeners("close");
      try {
        const welcome = Welcome.parse(JSON.parse(bytesOf(data).toString("utf8")));
        accept(welcome);
        resolve(welcome);
      } catch (error) {
        socket.terminate();
        reject(new Error("its container does not speak the protocol of this version", { cause: error }));
      }
    });
    socket.once("close", (code) => {
      clearTimeout(late);
      const isStranger = code === refusals.taken || code === refusals.unknown;
      reject(isStranger ? new Stranger() : new CloudRunError(503, "its container closed the connection"));
    });
  });
};

/** The runtime's side of one container. Carries the streams of its programs over connections that may break. */
export class ContainerSession {
  readonly #id = randomUUID();
  readonly #door: ServiceDoor;
  readonly #link: Link;
  readonly #control: Duplex;
  readonly #over = Promise.withResolvers<string>();
  readonly #ended = new Map<number, PromiseWithResolvers<ProgramEnd>>();
  #cookie: string | null = null;
  #socket: WebSocket | null = null;
  #isClosed = false;
  /** How often the connection broke and was resumed. */
  resumed = 0;

  private constructor(door: ServiceDoor) {
    this.#door = door;
    this.#link = new Link((what) => {
      this.#finish(`its container broke the protocol: ${what}`);
    });
    this.#control = this.#link.channel(channels.control);
    createInterface({ input: this.#control }).on("line", (line) => {
      const ended = Ended.safeParse(parsed(line)).data?.ended;
      if (ended === undefined) this.#finish("its container broke the protocol: a control line is not valid");
      else this.#end(ended.channel).resolve(ended);
    });
  }

  /**
   * Takes a container, which Cloud Run may have to start first. Errors: `CloudRunError`,
   * `instance_not_started`, the signal's reason.
   *
   * @param onAway called with the reason each time that there is no container yet.
   */
  static async open(
    door: ServiceDoor,
    signal: AbortSignal,
    onAway: (reason: string) => Promise<void>,
  ): Promise<ContainerSession> {
    const session = new ContainerSession(door);
    let pause = PAUSE_MS;
    for (;;) {
      try {
        const { is_root } = await session.#dial(null, signal);
        if (!is_root) throw fail("instance_not_started", { reason: "its image does not run as root" });
        return session;
      } catch (error) {
        // There is no room yet, or the container's last session has only just ended.
        if (signal.aborted || !(isAway(error) || error instanceof Stranger)) {
          session.#finish("it did not start");
          throw error;
        }
        await onAway(awayReason(error));
        await sleep(pause, null, { signal, ref: false });
        pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
      }
    }
  }

  /** Resolves with the reason when the container can no longer be used. */
  get over(): Promise<string> {
    return this.#over.promise;
  }

  order(order: Order): void {
    this.#control.write(`${JSON.stringify(order)}\n`);
  }

  /** Starts a program in the container; its streams are those of the channel. */
  run(channel: number, run: Omit<Extract<Order, { run: unknown }>["run"], "channel">): RemoteStream {
    const streams = this.#link.channel(channel);
    this.order({ run: { channel, ...run } });
    let words = "";
    void this.end(channel).then((ended) => (words = ended.words));
    return {
      input: streams,
      output: streams,
      lastWords: () => words,
      closed: Promise.race([this.over, this.end(channel)]).then(() => undefined),
      close: () => streams.end(),
    };
  }

  /** Resolves when the program of a channel has ended. */
  end(channel: number): Promise<ProgramEnd> {
    return this.#end(channel).promise;
  }

  /** Ends everything in the container. */
  async close(why: string): Promise<void> {
    if (this.#isClosed) return;
    this.order({ end: true });
    const socket = this.#socket;
    if (socket !== null && socket.readyState === socket.OPEN)
      await Promise.race([once(socket, "close"), sleep(END_MS, null, { ref: false })]);
    this.#finish(why);
  }

  #end(channel: number): PromiseWithResolvers<ProgramEnd> {
    const known = this.#ended.get(channel) ?? Promise.withResolvers<ProgramEnd>();
    this.#ended.set(channel, known);
    return known;
  }

  async #dial(received: number | null, signal: AbortSignal): Promise<Welcome> {
    const { socket, cookie } = await connect(this.#door, this.#cookie, signal);
    const accept = (welcome: Welcome): void => {
      if (this.#isClosed) {
        socket.terminate();
        return;
      }
      this.#cookie = cookie;
      this.#socket = socket;
      this.#link.use(socket, welcome.received);
      this.#watch(socket);
    };
    return greet(socket, { session: this.#id, received }, accept).catch((error: unknown) => {
      socket.terminate();
      throw error;
    });
  }

  #watch(socket: WebSocket): void {
    let isAnswered = true;
    const pinging = setInterval(() => {
      if (!isAnswered) socket.terminate();
      isAnswered = false;
      socket.ping();
    }, PING_MS).unref();
    socket.on("pong", () => (isAnswered = true));
    const lost = (): void => {
      clearInterval(pinging);
      if (this.#socket !== socket || this.#isClosed) return;
      this.#socket = null;
      void this.#resume();
    };
    if (socket.readyState === socket.CLOSED) lost();
    else socket.once("close", lost);
  }

  /** Connects to the same container again while it waits. */
  async #resume(): Promise<void> {
    const deadline = AbortSignal.timeout(RESUME_MS);
    let pause = PAUSE_MS;
    let strangers = 0;
    while (!this.#isClosed) {
      try {
        await this.#dial(this.#link.received, deadline);
        this.resumed += 1;
        return;
      } catch (error) {
        if (error instanceof Stranger) strangers += 1;
        if (strangers >= STRANGERS) {
          this.#finish("its container is gone");
          return;
        }
        if (deadline.aborted) {
          this.#finish("the connection to its container broke");
          return;
        }
        await sleep(pause, null, { signal: deadline, ref: false }).catch(() => undefined);
        pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
      }
    }
  }

  #finish(why: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket?.terminate();
    this.#link.end();
    this.#over.resolve(why);
  }
}

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
};
