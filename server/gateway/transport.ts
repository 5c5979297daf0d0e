import { request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Readable } from "node:stream";
import { isLoopback } from "../../schemas/loopback.ts";
import { bodyStream } from "./body-stream.ts";
import type { Connections } from "./connections.ts";
import { decoded } from "./decoding.ts";
import { startDeadlines, type Deadlines } from "./deadlines.ts";
import type { EditorModels } from "./editor-models.ts";
import {
  notRunning,
  onlyInEditor,
  redirected,
  tooSlow,
  unreachable,
  unusableAnswer,
  withoutAddress,
  type Addressee,
} from "./faults.ts";
import { withoutKey } from "./key-text.ts";
import { faultOfRefusal } from "./statuses.ts";
import { cancelled, orAborted } from "./waiting.ts";

/**
 * Longest answer that is read. The longest that models write are 128,000 tokens, which streamed one
 * by one with everything around them are about 20 MB.
 */
const ANSWER_BYTES = 32 * 1024 * 1024;
/** Longest body of an error that is read. */
const ERROR_BYTES = 64 * 1024;
/** How long the end of an answer that was read to its last message may take. */
const DRAIN_MS = 1000;

/**
 * One attempt's way to the network, in the shape of `fetch` so that every official client takes it.
 * It holds what no client does: the three deadlines, a bound on the answer, no redirects (a key must
 * never follow one), statuses read in one place, and a closed connection when the signal aborts.
 */
export interface Transport {
  fetch: typeof fetch;
  /**
   * Asks the editor that lends its models, under the same deadlines; `came` is called for every piece of
   * an answer. Error: `provider_only_in_editor`.
   */
  editor<Value>(ask: AskEditor<Value>): Promise<Value>;
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

type AskEditor<Value> = (editor: EditorModels, signal: AbortSignal, came: () => void) => Promise<Value>;

export interface TransportOptions {
  to: Addressee;
  /** Taken out of what a service writes about a refusal, should it name it. */
  key: string | null;
  connections: Connections;
  deadlines: Deadlines;
  signal: AbortSignal;
  /** Nothing is sent before this resolves; a request is made ready meanwhile. */
  ready?: Promise<void>;
  now: () => number;
}

interface Sending {
  url: URL;
  method: string;
  headers: Record<string, string>;
  body: string | Uint8Array | undefined;
}

const sendingOf = ([input, init]: Parameters<typeof fetch>): Sending => {
  const body = init?.body ?? undefined;
  if (body !== undefined && typeof body !== "string" && !(body instanceof Uint8Array))
    throw new TypeError("the transport sends text and bytes alone");
  return {
    url: new URL(typeof input === "string" ? input : input instanceof URL ? input.href : input.url),
    method: init?.method ?? "GET",
    headers: Object.fromEntries(new Headers(init?.headers)),
    body,
  };
};

/** Nobody listens at a port of this machine. A name may have several addresses, each refused. */
const isRefusedHere = (url: URL, error: NodeJS.ErrnoException): boolean =>
  error.code === "ECONNREFUSED" && isLoopback(url.hostname);

/** What Node calls a certificate whose authority it does not know. */
const untrusted: readonly (string | undefined)[] = [
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
];

const reasonOf = (error: NodeJS.ErrnoException): string => {
  if (untrusted.includes(error.code))
    return `its certificate is not trusted (${error.code}); set NODE_EXTRA_CA_CERTS to the file of its authority`;
  if (error.code === "ERR_PROXY_TUNNEL") return `the proxy refused the connection (${error.message})`;
  if (error.code === "ECONNREFUSED") return "connection refused";
  if (error.code === "ECONNRESET") return "the connection was reset";
  if (error.code === "ENOTFOUND" || error.code === "EAI_AGAIN") return "the host name is not known";
  return error.code ?? error.message;
};

/** What a service says about why it refuses, cut, and without the key. */
const readRefusal = (incoming: Readable, key: string | null, tell: (body: string) => void): void => {
  const pieces: Buffer[] = [];
  let size = 0;
  const end = (): void => {
    const text = Buffer.concat(pieces).toString("utf8");
    tell(withoutKey(text, key));
  };
  incoming.on("data", (piece: Buffer) => {
    pieces.push(piece);
    size += piece.length;
    if (size > ERROR_BYTES) end();
  });
  incoming.on("end", end);
  incoming.on("error", end);
};

/** Reads what is left of an answer, so that its connection can be used again; gives up soon. */
const drain = (answer: IncomingMessage): void => {
  if (answer.readableEnded) return;
  const giveUp = setTimeout(() => answer.destroy(), DRAIN_MS).unref();
  answer.once("close", () => {
    clearTimeout(giveUp);
  });
  answer.resume();
};

const headersOf = (incoming: IncomingMessage): Headers => {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers))
    if (value !== undefined && name !== "content-encoding") headers.set(name, String(value));
  return headers;
};

export const openTransport = (options: TransportOptions): Transport => {
  const { to, key, connections, signal } = options;
  let fault: Error | null = null;
  let request: ClientRequest | null = null;
  let answer: IncomingMessage | null = null;
  let editorAnswered = false;
  /** Settles the call that waits: rejects before the answer's head, breaks the body off after it. */
  let settle: (error: Error) => void = () => undefined;

  const end = (error: Error): void => {
    fault ??= error;
    request?.destroy();
    settle(fault);
  };
  const clocks = startDeadlines(options.deadlines, (missed, ms) => {
    end(tooSlow(to, missed, ms));
  });
  const onAbort = (): void => {
    end(cancelled());
  };
  signal.addEventListener("abort", onAbort, { once: true });

  /** The answer's head is there: its body as a stream, or why there is none. */
  const receive = (url: URL, incoming: IncomingMessage, resolve: (response: Response) => void): void => {
    const { statusCode: status = 0, headers } = incoming;
    if (status >= 300 && status < 400) end(redirected(to, url, headers.location));
    else if (status < 200 || status >= 300)
      readRefusal(decoded(incoming), key, (body) => {
        end(faultOfRefusal({ status, headers, body }, to, options.now()));
      });
    else if (headers["content-type"]?.startsWith("text/html"))
      end(unusableAnswer(to, "a web page came back; the endpoint is not the service's interface"));
    else {
      answer = incoming;
      clocks.await("silence");
      const { stream, fail } = bodyStream(decoded(incoming), {
        mostBytes: ANSWER_BYTES,
        onPiece: clocks.came,
        onEnd: clocks.rest,
        onTooLong: () => {
          end(unusableAnswer(to, `it is longer than ${ANSWER_BYTES / 1024 / 1024} MB`));
        },
        onError: (error) => {
          end(unreachable(to, `the answer broke off: ${reasonOf(error)}`));
        },
        onCancel: () => request?.destroy(),
      });
      settle = fail;
      resolve(new Response(stream, { status, headers: headersOf(incoming) }));
    }
  };

  const post = (sending: Sending, ready: Promise<void>, mayResend: boolean): Promise<Response> =>
    new Promise((resolve, reject) => {
      const { url, method, headers, body } = sending;
      settle = reject;
      const begin = url.protocol === "https:" ? httpsRequest : httpRequest;
      const sent = begin(url, { method, headers, agent: connections.agentFor(url) });
      request = sent;
      sent.on("response", (incoming) => {
        receive(url, incoming, resolve);
      });
      sent.on("error", (error: NodeJS.ErrnoException) => {
        const wasStale = sent.reusedSocket && error.code === "ECONNRESET" && answer === null;
        // The server closed a kept connection in the moment we used it: nothing was read, nothing is lost.
        // Nothing went out on a connection whose certificate is not trusted.
        const mayTrust = untrusted.includes(error.code) && fault === null && connections.trustSystem();
        if ((mayResend && wasStale && fault === null) || mayTrust)
          post(sending, ready, false).then(resolve, reject);
        else
          end(isRefusedHere(url, error) ? notRunning(to, reasonOf(error)) : unreachable(to, reasonOf(error)));
      });
      // The connection is opened meanwhile; nothing of the request goes out on it before.
      orAborted(ready, signal).then(() => {
        if (sent.destroyed) return;
        clocks.await("firstByte");
        sent.end(body);
      }, end);
    });

  const send: typeof fetch = async (...asked) => {
    if (signal.aborted) onAbort();
    fault ??= withoutAddress(to);
    if (fault !== null) throw fault;
    return post(sendingOf(asked), options.ready ?? Promise.resolve(), true);
  };

  const askEditor = async <Value>(ask: AskEditor<Value>): Promise<Value> => {
    if (signal.aborted) onAbort();
    if (connections.editor === null) fault ??= onlyInEditor();
    if (fault !== null || connections.editor === null) throw fault ?? onlyInEditor();
    await orAborted(options.ready ?? Promise.resolve(), signal);
    const asking = new AbortController();
    const { promise: broken, reject } = Promise.withResolvers<never>();
    settle = (error) => {
      asking.abort();
      reject(error);
    };
    clocks.await("firstByte");
    const came = (): void => {
      if (editorAnswered) clocks.came();
      else clocks.await("silence");
      editorAnswered = true;
    };
    return Promise.race([broken, ask(connections.editor, asking.signal, came)]);
  };

  return {
    fetch: send,
    editor: askEditor,
    fault: () => fault,
    answered: () => answer !== null || editorAnswered,
    close: (whole) => {
      clocks.stop();
      signal.removeEventListener("abort", onAbort);
      settle = () => undefined;
      if (whole && answer !== null) drain(answer);
      else request?.destroy();
    },
  };
};
