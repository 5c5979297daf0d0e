import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * A process of its own that speaks Claude's streaming protocol, so that its work is not measured
 * with the client's. `/PIECES/PAUSE_MS/v1/messages` streams that many pieces of text, each naming
 * the moments at which the request had come and the piece was written, on the clock that all
 * processes of a machine share. With a pause below zero it holds the stream open.
 */
const event = (data: { type: string } & Record<string, unknown>): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
const usage = { input_tokens: 100, output_tokens: 20 };
const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-5-5",
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage,
};
const head =
  event({ type: "message_start", message }) +
  event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } });
const tail =
  event({ type: "content_block_stop", index: 0 }) +
  event({ type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage }) +
  event({ type: "message_stop" });
const piece = (received: bigint): string =>
  event({
    type: "content_block_delta",
    index: 0,
    delta: { type: "text_delta", text: `${received}:${process.hrtime.bigint()};` },
  });

const server = createServer((request, response) => {
  const [, pieces = "0", pause = "0"] = (request.url ?? "").split("/");
  request.resume().on("end", () => {
    const received = process.hrtime.bigint();
    void (async () => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(head);
      for (let number = 0; number < Number(pieces) && !response.destroyed; number++) {
        if (number > 0 && Number(pause) > 0) await sleep(Number(pause));
        response.write(piece(received));
      }
      if (Number(pause) >= 0) response.end(tail);
    })();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo; // It listens on TCP.
  process.send?.(`http://127.0.0.1:${port}`);
});
process.on("disconnect", () => process.exit(0));
