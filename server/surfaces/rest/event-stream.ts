import type { ServerResponse } from "node:http";
import type { EventHistory } from "./event-history.ts";

/** The interval of comments that keep proxies from closing an idle stream. */
const HEARTBEAT_MILLISECONDS = 15_000;
/** A reader that is this many bytes behind is disconnected, so that it cannot fill the runtime's memory. */
const MOST_BEHIND = 8 * 1024 * 1024;

/**
 * Sends every event as a server-sent event until either side ends the stream or `closing` aborts. A reader
 * that sends `Last-Event-ID` first gets the events that it missed, or `events.lost` if they are no longer
 * stored. In that case, it must read its lists again.
 */
export const streamEvents = (response: ServerResponse, history: EventHistory, closing: AbortSignal): void => {
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  if (response.req.method === "HEAD") {
    response.end();
    return;
  }
  const heartbeat = setInterval(() => response.write(": still here\n\n"), HEARTBEAT_MILLISECONDS);
  const lastId = response.req.headers["last-event-id"];
  const following = history.follow(typeof lastId === "string" ? lastId : null, ({ bytes }) => {
    response.write(bytes);
    if (response.writableLength > MOST_BEHIND) response.destroy();
  });
  // A reader whose stream breaks before the first event can also continue from here.
  if (following.missed.length === 0) response.write(`id: ${history.latest}\n`);
  response.write(": listening\n\n");
  if (!following.isComplete) response.write("event: events.lost\ndata: {}\n\n");
  for (const { bytes } of following.missed) response.write(bytes);
  const end = (): void => {
    response.end();
  };
  if (closing.aborted) end();
  else closing.addEventListener("abort", end, { once: true });
  response.on("close", () => {
    closing.removeEventListener("abort", end);
    clearInterval(heartbeat);
    following.stop();
  });
};
