import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants, mkdtemp, open, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { median } from "../report.ts";

const TIMES = 100;
/** About what a line of a transcript, and a message to a worker, takes. */
const LINE = Buffer.alloc(1024, "x");

/** What the steps of a turn cost on this machine with nothing else around them, in milliseconds. */
export interface TurnFloor {
  /** Appending a line to a file, durably. */
  append: number;
  /** A line through a pipe to another process and back. */
  pipe: number;
  /** From the end of an HTTP answer to the next request of the same client being there. */
  post: number;
}

export const measureTurnFloor = async (requestBytes: number): Promise<TurnFloor> => ({
  append: await measureAppend(),
  pipe: await measurePipe(),
  post: await measurePost(requestBytes),
});

const timed = async (step: () => Promise<unknown>): Promise<number> => {
  const times: number[] = [];
  for (let count = 0; count < TIMES; count += 1) {
    const started = performance.now();
    await step();
    times.push(performance.now() - started);
  }
  return median(times);
};

const measureAppend = async (): Promise<number> => {
  const folder = await mkdtemp(join(tmpdir(), "coditect-floor-"));
  const file = await open(join(folder, "lines"), constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT);
  try {
    return await timed(async () => {
      await file.write(LINE);
      await file.datasync();
    });
  } finally {
    await file.close();
    await rm(folder, { recursive: true });
  }
};

const measurePipe = async (): Promise<number> => {
  const echo = spawn(process.execPath, ["--eval", "process.stdin.pipe(process.stdout)"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const pingPong = async (): Promise<void> => {
    const back = once(echo.stdout, "data");
    echo.stdin.write(LINE);
    await back;
  };
  try {
    await pingPong();
    return await timed(pingPong);
  } finally {
    const ended = once(echo, "exit");
    echo.stdin.end();
    await ended;
  }
};

const measurePost = async (bytes: number): Promise<number> => {
  const gaps: number[] = [];
  let answeredAt: number | null = null;
  const server = createServer((request, response) => {
    void text(request).then(() => {
      if (answeredAt !== null) gaps.push(performance.now() - answeredAt);
      response.end("{}");
      answeredAt = performance.now();
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    // A TCP server's address is an AddressInfo; the other forms are those of pipes.
    const { port } = server.address() as AddressInfo;
    const script = join(import.meta.dirname, "bare-client.ts");
    const address = `http://127.0.0.1:${port}`;
    const client = spawn(process.execPath, [script, address, String(TIMES), String(bytes)], {
      stdio: "inherit",
    });
    await once(client, "exit");
    return median(gaps);
  } finally {
    server.closeAllConnections();
    server.close();
  }
};
