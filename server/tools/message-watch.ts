import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";

/** Most messages in one second that nobody asked for, such as logs and progress. */
const MOST_UNASKED = 5000;
const SECOND = 1000;

/**
 * Watches what a server sends, and ends it when it floods the runtime or answers what it was not asked: a
 * call whose answer carries a wrong id would wait until its deadline. A late answer to a call that was
 * cancelled is no fault.
 */
export const watchMessages = (transport: Transport, end: (problem: string) => void): void => {
  let lastAsked = -1;
  let unasked = 0;
  let since = performance.now();

  const send = transport.send.bind(transport);
  transport.send = (message, options) => {
    // The SDK counts its requests.
    if ("method" in message && "id" in message) lastAsked = Number(message.id);
    return send(message, options);
  };
  // The client calls the listener that it finds before its own.
  transport.onmessage = (message) => {
    if (!("method" in message)) {
      const { id } = message;
      if (typeof id !== "number" || id > lastAsked) end(`it answered the request ${id}, which nobody made`);
      return;
    }
    const now = performance.now();
    if (now - since > SECOND) [since, unasked] = [now, 0];
    unasked += 1;
    if (unasked > MOST_UNASKED) end("it sent too many messages that nobody asked for");
  };
};
