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
 * Longest answer that is read. The longest answers of models have 128,000 tokens, which take about 20 MB
 * if each is streamed on its own.
 */
const ANSWER_BYTES = 32 * 1024 * 1024;
/** Longest body of an error that is read. */
const ERROR_BYTES = 64 * 1024;
/** How long the end of an answer may take after its last message. */
const DRAIN_MS = 1000;

/**
 * One attempt's access to the network, in the form of `fetch`, so that every official client accepts it.
 * It adds what no client has: three deadlines, a limit for the answer, no redirects (they must never get the
 * key), one place that reads statuses, and a connection that closes when the signal aborts.
 */
export interface Transport {
  fetch: typeof fetch;
  /**
   * Asks the editor that lends its models, with the same deadlines; `came` is called for every piece of
   * an answer. Error: `provider_only_in_editor`.
   */
  editor<Value>(ask: AskEditor<Value>): Promise<Value>;
  /** Why the attempt failed, as the transport saw it; clients wrap or swallow errors of `fetch`. */
  fault(): Error | null;
  /** Whether an answer had begun: its tokens are paid for from then on. */
  answered(): boolean;
  /**
   * Ends the attempt and its timers. After a complete answer, the connection is kept for the next call;
   * otherwise it is closed.
   */
  close(whole: boolean): void;
}

type AskEditor<Value> = (editor: EditorModels, signal: AbortSignal, came: () => void) => Promise<Value>;

export interface TransportOptions {
  to: Addressee;
  /** It is removed from the text of a refusal, in case the service repeats it. */
  key: string | null;
  connections: Connections;
  deadlines: Deadlines;
  signal: AbortSignal;
  /** Nothing is sent before this resolves; the request is prepared in the meantime. */
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

/** No program listens at a port of this machine. A name may have several addresses, each refused. */
const isRefusedHere = (url: URL, error: NodeJS.ErrnoException): boolean =>
  error.code === "ECONNREFUSED" && isLoopback(url.hostname);

/** Node's codes for a certificate whose authority it does not know. */
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

/** The service's reason for refusing, cut, and without the key. */
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

/** Reads the rest of an answer, so that its connection can be used again; gives up soon. */
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
  /** Settles the waiting call: rejects it before the head of the answer, breaks the body off after it. */
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

  /** The head of the answer has arrived: its body as a stream, or why there is none. */
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
      const login = connections.loginFor(url);
      const sent = begin(url, { method, headers, agent: connections.agentFor(url) });
      // The user gave the login for exactly this server; the key may be for another one.
      if (login !== null) sent.setHeader("authorization", `Basic ${Buffer.from(login).toString("base64")}`);
      request = sent;
      sent.on("response", (incoming) => {
        receive(url, incoming, resolve);
      });
      sent.on("error", (error: NodeJS.ErrnoException) => {
        const wasStale = sent.reusedSocket && error.code === "ECONNRESET" && answer === null;
        // The server closed an idle connection just when we used it: nothing was read or lost. Nothing
        // was sent on a connection whose certificate is not trusted.
        const mayTrust = untrusted.includes(error.code) && fault === null && connections.trustSystem();
        if ((mayResend && wasStale && fault === null) || mayTrust)
          post(sending, ready, false).then(resolve, reject);
        else
          end(isRefusedHere(url, error) ? notRunning(to, reasonOf(error)) : unreachable(to, reasonOf(error)));
      });
      // The connection is opened in the meantime; nothing of the request is sent on it earlier.
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
