import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/client";

/** Most messages in one second that nobody asked for, such as logs and progress. */
const MOST_UNASKED = 5000;
const SECOND = 1000;

/**
 * Watches what a server sends, to find one that floods the runtime or answers what it was not asked: a call
 * whose answer carries a wrong id would wait until its deadline. A late answer to a call that was cancelled
 * is no fault.
 */
export class MessageWatch {
  #lastAsked = -1;
  /** Ids that are no numbers: the SDK counts its requests, except those with which it begins. */
  readonly #named = new Set<string>();
  #unasked = 0;
  #since = performance.now();

  /** Notes a message to the server. */
  sent(message: JSONRPCMessage): void {
    if (!("method" in message) || !("id" in message)) return;
    if (typeof message.id === "number") this.#lastAsked = message.id;
    else this.#named.add(message.id);
  }

  /** What is wrong with a message of the server, for people; null: nothing. */
  problemOf(message: JSONRPCMessage): string | null {
    if (!("method" in message)) {
      const { id } = message;
      const wasAsked = typeof id === "number" ? id <= this.#lastAsked : this.#named.has(String(id));
      return wasAsked ? null : `it answered the request ${id}, which CODITECT did not send`;
    }
    const now = performance.now();
    if (now - this.#since > SECOND) [this.#since, this.#unasked] = [now, 0];
    this.#unasked += 1;
    return this.#unasked > MOST_UNASKED ? "it sent too many messages without a request" : null;
  }
}

/** Watches a transport of the SDK. `end` is called with the first problem, and with each one after it. */
export const watchTransport = (transport: Transport, end: (problem: string) => void): void => {
  const watch = new MessageWatch();
  const send = transport.send.bind(transport);
  transport.send = (message, options) => {
    watch.sent(message);
    return send(message, options);
  };
  // The client calls the listener that it finds before its own.
  transport.onmessage = (message) => {
    const problem = watch.problemOf(message);
    if (problem !== null) end(problem);
  };
};
