import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/client";

/** The maximum number of messages per second that are not answers, such as logs and progress. */
const MOST_UNASKED = 5000;
const SECOND = 1000;

/**
 * Watches the messages of a server. Detects a server that floods the runtime or sends an answer without a
 * request: a call whose answer has a wrong ID would wait until its deadline. A late answer to a cancelled
 * call is not a problem.
 */
export class MessageWatch {
  #lastAsked = -1;
  /** IDs that are not numbers. The SDK numbers its requests, except for the first ones. */
  readonly #named = new Set<string>();
  #unasked = 0;
  #since = performance.now();

  /** Records a message to the server. */
  sent(message: JSONRPCMessage): void {
    if (!("method" in message) || !("id" in message)) return;
    if (typeof message.id === "number") this.#lastAsked = message.id;
    else this.#named.add(message.id);
  }

  /** The problem with a message of the server, as a text for people. Null: none. */
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

/** Watches a transport of the SDK. Calls `end` for each problem. */
export const watchTransport = (transport: Transport, end: (problem: string) => void): void => {
  const watch = new MessageWatch();
  const send = transport.send.bind(transport);
  transport.send = (message, options) => {
    watch.sent(message);
    return send(message, options);
  };
  // The client calls an existing listener before its own.
  transport.onmessage = (message) => {
    const problem = watch.problemOf(message);
    if (problem !== null) end(problem);
  };
};
