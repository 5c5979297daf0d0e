import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { UnderlyingDefaultSource } from "node:stream/web";
import { fail } from "../../schemas/errors.ts";
import { ProviderFault, tooSlow, unreachable, unusableAnswer, type Addressee } from "./faults.ts";
import { faultOfRefusal } from "./statuses.ts";

/** Deadlines of one attempt, in milliseconds. */
export interface Deadlines {
  /** From sending the request to the answer's head. */
  firstByte: number;
  /** Between two pieces of the answer. */
  silence: number;
  /** From sending to the answer's end. */
  total: number;
}

/**
 * Longest answer that is read. The longest that models write are 128,000 tokens, which streamed one
 * by one with everything around them are about 20 MB.
 */
export const ANSWER_BYTES = 32 * 1024 * 1024;
/** Longest body of an error that is read. */
const ERROR_BYTES = 64 * 1024;

/** How long the end of an answer that was read to its last message may take. */
const DRAIN_MS = 1000;

/** Pieces of an answer that may wait for their reader before no more is taken from the socket. */
const PIECES_AHEAD = 16;

/** Sockets kept open between calls; those of the loopback never go through a proxy. */
export interface Connections {
  agentFor(url: URL): HttpAgent;
}

const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);

export const openConnections = (environment: NodeJS.ProcessEnv): Connections => {
  const kept = { keepAlive: true };
  const proxied = { ...kept, proxyEnv: environment };
  const agents = new Map<string, HttpAgent>();
  const make: Record<string, () => HttpAgent> = {
    "http: near": () => new HttpAgent(kept),
    "https: near": () => new HttpsAgent(kept),
    "http: far": () => new HttpAgent(proxied),
    "https: far": () => new HttpsAgent(proxied),
  };
  return {
    agentFor(url) {
      const kind = `${url.protocol} ${isLoopback(url.hostname) ? "near" : "far"}`;
      const known = agents.get(kind) ?? make[kind]?.();
      if (known === undefined) throw new TypeError(`no way to reach ${url.protocol} addresses`);
      agents.set(kind, known);
      return known;
    },
  };
};

/**
 * One attempt's way to the network, in the shape of `fetch` so that every official client takes it.
 * It holds what no client does: the three deadlines, a bound on the answer, no redirects (a key must
 * never follow one), statuses read in one place, and a closed connection when the signal aborts.
 */
export interface Transport {
  fetch: typeof fetch;
  /** Why the attempt failed, as the transport saw it; clients wrap or swallow what `fetch` throws. */
  fault(): Error | null;
  /** Whether an answer had begun: from then on its tokens are paid for. */
  answered(): boolean;
  /**
   * Ends the attempt and its timers. After a whole answer the connection is kept for the next call;
   * otherwise it is closed.
   */
  close(whole: boolean): void;
}

export interface TransportOptions {
  to: Addressee;
  /** Taken out of what a service writes about a refusal, should it name it. */
  key: string | null;
  connections: Connections;
  deadlines: Deadlines;
  signal: AbortSignal;
  now: () => number;
  /** Longest answer that is read; {@link ANSWER_BYTES} if left out. */
  answerBytes?: number;
}

type FetchInput = Parameters<typeof fetch>[0];
type FetchInit = NonNullable<Parameters<typeof fetch>[1]>;

const addressOf = (input: FetchInput): URL =>
  new URL(typeof input === "string" ? input : input instanceof URL ? input.href : input.url);

const bodyOf = (body: FetchInit["body"]): string | Uint8Array | null => {
  if (body === null || body === undefined) return null;
  if (typeof body === "string" || body instanceof Uint8Array) return body;
  throw new TypeError("the transport sends text and bytes alone");
};

const reasonOf = (error: NodeJS.ErrnoException): string => {
  if (error.code === "ECONNREFUSED") return "connection refused";
  if (error.code === "ECONNRESET") return "the connection was reset";
  if (error.code === "ENOTFOUND" || error.code === "EAI_AGAIN") return "the host name is not known";
  return error.code ?? error.message;
};

export const openTransport = (options: TransportOptions): Transport => {
  const { to, key, connections, deadlines, signal, now, answerBytes = ANSWER_BYTES } = options;
  let fault: Error | null = null;
  let answered = false;
  let request: ClientRequest | null = null;
  let answer: IncomingMessage | null = null;
  /** Settles the call that waits: rejects before the answer's head, errors the body after it. */
  let settle: ((error: Error) => void) | null = null;

  const end = (error: Error): void => {
    fault ??= error;
    request?.destroy();
    settle?.(fault);
  };
  const onAbort = (): void => {
    end(fail("cancelled", { what: "The model call" }));
  };
  const total = setTimeout(() => {
    end(tooSlow(to, "the whole answer", deadlines.total, "provider"));
  }, deadlines.total);
  let patience: NodeJS.Timeout | null = null;
  const expectWithin = (ms: number, what: string): void => {
    clearTimeout(patience ?? undefined);
    patience = setTimeout(() => {
      end(tooSlow(to, what, ms, "retry"));
    }, ms);
  };
  const close = (whole: boolean): void => {
    clearTimeout(total);
    clearTimeout(patience ?? undefined);
    signal.removeEventListener("abort", onAbort);
    settle = null;
    if (!whole || answer === null) request?.destroy();
    else if (!answer.readableEnded) {
      // A client stops reading at the last message; the few bytes behind it free the connection.
      const giveUp = setTimeout(() => request?.destroy(), DRAIN_MS).unref();
      answer.once("close", () => {
        clearTimeout(giveUp);
      });
      answer.resume();
    }
  };
  signal.addEventListener("abort", onAbort, { once: true });

  const stream = (incoming: IncomingMessage): ReadableStream<Uint8Array> => {
    let size = 0;
    const source: UnderlyingDefaultSource<Uint8Array> = {
      start(controller) {
        expectWithin(deadlines.silence, "the next piece of the answer");
        settle = (error) => {
          settle = null;
          controller.error(error);
        };
        incoming.on("data", (chunk: Uint8Array) => {
          patience?.refresh();
          size += chunk.length;
          if (size > answerBytes) {
            end(unusableAnswer(to, `it is longer than ${answerBytes / 1024 / 1024} MB`));
            return;
          }
          if (settle === null) return;
          controller.enqueue(chunk);
          if ((controller.desiredSize ?? 1) <= 0) incoming.pause();
        });
        incoming.on("end", () => {
          clearTimeout(patience ?? undefined);
          if (settle === null) return;
          settle = null;
          controller.close();
        });
        incoming.on("error", (error) => {
          end(unreachable(to, `the answer broke off: ${reasonOf(error)}`));
        });
      },
      pull() {
        incoming.resume();
      },
      cancel() {
        settle = null;
        request?.destroy();
      },
    };
    return new ReadableStream(source, { highWaterMark: PIECES_AHEAD });
  };

  const readRefusal = (incoming: IncomingMessage): void => {
    const pieces: Buffer[] = [];
    let size = 0;
    const tell = (): void => {
      const text = Buffer.concat(pieces).toString("utf8");
      const body = key === null || key === "" ? text : text.replaceAll(key, "[redacted]");
      const status = incoming.statusCode ?? 0;
      end(faultOfRefusal({ status, headers: incoming.headers, body }, to, now()));
    };
    incoming.on("data", (chunk: Buffer) => {
      pieces.push(chunk);
      size += chunk.length;
      if (size > ERROR_BYTES) tell();
    });
    incoming.on("end", tell);
    incoming.on("error", tell);
  };

  const refuseRedirect = (url: URL, location: string | undefined): void => {
    const target = URL.canParse(location ?? "", url.href)
      ? new URL(location ?? "", url.href).host
      : "nowhere";
    end(
      new ProviderFault(
        fail("provider_refused", {
          provider: to.provider,
          status: "redirect",
          reason: `it sends us on to ${target}; set that as the endpoint if you trust it`,
        }),
        "provider",
      ),
    );
  };

  const send = (url: URL, init: FetchInit, mayResend: boolean): Promise<Response> =>
    new Promise((resolve, reject) => {
      settle = reject;
      const headers = Object.fromEntries(new Headers(init.headers));
      const body = bodyOf(init.body);
      const begin = url.protocol === "https:" ? httpsRequest : httpRequest;
      const sent = begin(url, { method: init.method ?? "GET", headers, agent: connections.agentFor(url) });
      request = sent;
      expectWithin(deadlines.firstByte, "the beginning of an answer");
      sent.on("error", (error: NodeJS.ErrnoException) => {
        // The server closed a kept connection in the moment we used it: nothing was read, nothing is lost.
        if (mayResend && sent.reusedSocket && error.code === "ECONNRESET" && fault === null && !answered) {
          send(url, init, false).then(resolve, reject);
          return;
        }
        end(unreachable(to, reasonOf(error)));
      });
      sent.on("response", (incoming) => {
        const status = incoming.statusCode ?? 0;
        if (status >= 300 && status < 400) refuseRedirect(url, incoming.headers.location);
        else if (status < 200 || status >= 300) readRefusal(incoming);
        else if (incoming.headers["content-type"]?.startsWith("text/html"))
          end(unusableAnswer(to, "a web page came back; the endpoint is not the service's interface"));
        else {
          answered = true;
          answer = incoming;
          const answerHeaders = new Headers();
          for (const [name, value] of Object.entries(incoming.headers))
            if (value !== undefined) answerHeaders.set(name, String(value));
          resolve(new Response(stream(incoming), { status, headers: answerHeaders }));
        }
      });
      sent.end(body ?? undefined);
    });
  return {
    fetch: async (input, init) => {
      if (signal.aborted) onAbort();
      if (fault !== null) throw fault;
      return send(addressOf(input), init ?? {}, true);
    },
    fault: () => fault,
    answered: () => answered,
    close,
  };
};
