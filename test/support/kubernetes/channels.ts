import type { ChildProcess } from "node:child_process";
import type { WebSocket } from "ws";
import type { RunningContainer } from "./kubelet.ts";

const [INPUT, OUTPUT, ERROR, STATUS, CLOSE] = [0, 1, 2, 3, 255];

/**
 * Connects a WebSocket to the streams of a container or of a new program in it, as the kubelet does. The first byte of
 * a message names the stream. The input ends with the connection.
 */
export const carry = (socket: WebSocket, container: RunningContainer, command: string[] | null): void => {
  const child: ChildProcess = command === null ? container.child : container.exec(command);
  const { stdin, stdout, stderr } = child;
  stdin?.on("error", () => undefined);
  const from = (channel: number) => (chunk: Buffer) => {
    socket.send(Buffer.concat([Buffer.of(channel), chunk]));
    if (socket.bufferedAmount < 1024 ** 2) return;
    stdout?.pause();
    setTimeout(() => stdout?.resume(), 5);
  };
  const [toOutput, toError] = [from(OUTPUT), from(ERROR)];
  stdout?.on("data", toOutput);
  stderr?.on("data", toError);
  socket.on("message", (data) => {
    const bytes = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
    if (bytes[0] === INPUT && bytes.length > 1) {
      if (command === null) container.received += bytes.length - 1;
      if (stdin?.write(bytes.subarray(1)) !== false) return;
      socket.pause();
      stdin.once("drain", () => {
        socket.resume();
      });
    } else if (bytes[0] === CLOSE && socket.protocol.startsWith("v5")) stdin?.end();
  });
  socket.on("close", () => {
    stdout?.off("data", toOutput);
    stderr?.off("data", toError);
    stdin?.end();
  });
  const end = (): void => {
    socket.send(Buffer.concat([Buffer.of(STATUS), Buffer.from(JSON.stringify({ status: "Success" }))]));
    socket.close();
  };
  // All of its output comes first.
  if (child.exitCode !== null || child.signalCode !== null) end();
  else child.once("close", end);
};
