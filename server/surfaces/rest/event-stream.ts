import type { ServerResponse } from "node:http";
import type { RuntimeEvent } from "../../../schemas/events.ts";

/** A comment this often keeps what stands between from closing a quiet stream. */
const HEARTBEAT_MILLISECONDS = 15_000;
/** A reader that falls this many bytes behind is cut off: it must not fill the runtime's memory. */
const MOST_BEHIND = 8 * 1024 * 1024;

type Subscribe = (listener: (event: RuntimeEvent) => void) => () => void;

/** Sends every event from now on as a server-sent event, until either side ends it or `closing` aborts. */
export const streamEvents = (response: ServerResponse, subscribe: Subscribe, closing: AbortSignal): void => {
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  response.write(": listening\n\n");
  const heartbeat = setInterval(() => response.write(": still here\n\n"), HEARTBEAT_MILLISECONDS);
  const stop = subscribe((event) => {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    if (response.writableLength > MOST_BEHIND) response.destroy();
  });
  const end = (): void => {
    response.end();
  };
  closing.addEventListener("abort", end, { once: true });
  response.on("close", () => {
    closing.removeEventListener("abort", end);
    clearInterval(heartbeat);
    stop();
  });
};
