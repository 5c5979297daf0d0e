// The program in a Cloud Run container. It serves one session for its whole life: it starts the programs
// that the runtime asks for, carries their streams over a link that survives broken connections, and
// ends with the session, or when the runtime has been away for too long.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { bytesOf, Link, LONGEST_FRAME } from "./link.ts";
import { prepare, runProgram, takeRightsAway } from "./programs.ts";
import { channels, refusals } from "./protocol.ts";
import type { Ended, Greeting, Order, Welcome } from "./protocol.ts";

/** How long the runtime may be away. The runtime itself gives up earlier. */
const AWAY_MS = 45_000;
/** The runtime sends pings more often than this. */
const SILENT_MS = 60_000;
const WORKER_USER = 1000;

class Session {
  readonly id: string;
  readonly #link: Link;
  #socket: WebSocket | null = null;
  #away: NodeJS.Timeout | undefined;

  constructor(id: string) {
    this.id = id;
    this.#link = new Link(() => process.exit(1));
    const control = this.#link.channel(channels.control);
    createInterface({ input: control }).on("line", (line) => {
      // Only the runtime may start programs here, so its messages are not checked further.
      this.#obey(JSON.parse(line) as Order, (ended) => control.write(`${JSON.stringify(ended)}\n`));
    });
  }

  /** Continues the session over this WebSocket. */
  meet(socket: WebSocket, received: number): void {
    this.#socket = socket;
    clearTimeout(this.#away);
    const welcome: Welcome = { received: this.#link.received, is_root: process.getuid?.() === 0 };
    socket.send(JSON.stringify(welcome));
    this.#link.use(socket, received);
    const silence = setTimeout(() => {
      socket.terminate();
    }, SILENT_MS);
    socket.on("ping", () => {
      silence.refresh();
    });
    socket.once("close", () => {
      clearTimeout(silence);
      // Another connection may have replaced it.
      if (this.#socket === socket) this.#away = setTimeout(() => process.exit(0), AWAY_MS);
    });
  }

  #obey(order: Order, answer: (ended: Ended) => void): void {
    if ("end" in order) process.exit(0);
    if ("prepare" in order) prepare(order.prepare, WORKER_USER);
    else runProgram(order.run, this.#link.channel(order.run.channel), answer);
  }
}

let session: Session | null = null;

const greet = (socket: WebSocket, { session: id, received }: Greeting): void => {
  if (session === null && received !== null) socket.close(refusals.unknown, "no session");
  else if (session !== null && session.id !== id) socket.close(refusals.taken, "another session");
  else (session ??= new Session(id)).meet(socket, received ?? 0);
};

takeRightsAway();
const server = createServer((_request, response) => {
  response.writeHead(426, { upgrade: "websocket" }).end();
});
new WebSocketServer({ server, maxPayload: LONGEST_FRAME, perMessageDeflate: false }).on(
  "connection",
  (socket) => {
    socket.on("error", () => undefined);
    socket.once("message", (data) => {
      greet(socket, JSON.parse(bytesOf(data).toString("utf8")) as Greeting);
    });
  },
);
server.listen(Number(process.env.PORT ?? 8080));
process.once("SIGTERM", () => process.exit(0));
