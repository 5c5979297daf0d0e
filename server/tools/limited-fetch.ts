import type { CheckedFetch } from "./checked-fetch.ts";
import { limitMessages } from "./message-lines.ts";

/** The checked fetch with the types of Node's own, and with a limit on the size of a message. */
export const limitedFetch =
  ({ fetch }: CheckedFetch): typeof globalThis.fetch =>
  async (...request) => {
    // undici's fetch is the one that Node has built in; only its types are others.
    const response = await (fetch as unknown as typeof globalThis.fetch)(...request);
    const { body, status, statusText, headers } = response;
    if (body === null) return response;
    const isEventStream = headers.get("content-type")?.startsWith("text/event-stream") === true;
    return new Response(limitMessages(body, isEventStream), { status, statusText, headers });
  };
