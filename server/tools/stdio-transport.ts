import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/client";
import { JSONRPCMessageSchema } from "@modelcontextprotocol/core";
import { closeLeftPipes } from "./left-pipes.ts";
import { MessageLines } from "./message-lines.ts";
import { MessageWatch } from "./message-watch.ts";
import type { ServerCommand } from "./server-sandbox.ts";

/** The time between closing the input of a server and killing it. */
const GRACE_MILLISECONDS = 500;

/**
 * A server on its standard streams. The SDK's own transport copies everything that it has read with each
 * chunk and sets no limit, so an answer of 100 MB would block the runtime for minutes. This transport reads
 * each byte once, and stops a server whose message is too large or not valid. Specification: "stdio".
 */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #command: ServerCommand;
  readonly #lines = new MessageLines();
  readonly #watch = new MessageWatch();
  #child: ChildProcess | undefined;
  /** What the server did that made the runtime stop it. */
  #fault: string | null = null;
  /** How the server exited by itself. */
  #ending: string | null = null;
  #isClosing = false;

  constructor(command: ServerCommand) {
    this.#command = command;
  }

  /** The reason why the connection ended, for people. Null: it did not end, or the reason is unknown. */
  get problem(): string | null {
    return this.#fault ?? this.#ending;
  }

  /** Whether the server exited by itself. */
  get hasLeft(): boolean {
    return this.#fault === null && this.#ending !== null;
  }

  /** The SDK uses this and `stderr` to recognize a child process. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Nothing reads the server's log. */
  readonly stderr = null;

  async start(): Promise<void> {
    const { command, args, env, folder } = this.#command;
    // Standard error is the server's own log. Nothing reads it, so it cannot fill a pipe or the runtime's
    // memory.
    const child = spawn(command, args, {
      env,
      cwd: folder,
      stdio: ["pipe", "pipe", "ignore"],
      windowsHide: true,
      // The server has its own process group, so that processes that it started end with it.
      detached: process.platform !== "win32",
    });
    this.#child = child;
    closeLeftPipes(child);
    child.stdout.on("data", (chunk: Buffer) => {
      this.#read(chunk);
    });
    // If the server exits during a write, `close` reports it.
    child.stdin.on("error", () => undefined);
    child.once("close", (code, signal) => {
      const how = signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
      if (!this.#isClosing) this.#ending = `${how} before it answered`;
      this.onclose?.();
    });
    await once(child, "spawn").catch((error: unknown) => {
      const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
      throw isMissing ? new Error(`its command ${command} was not found`, { cause: error }) : error;
    });
    child.on("error", (error) => this.onerror?.(error));
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const input = this.#child?.stdin;
    if (input?.writable !== true) throw new Error(this.problem ?? "it has ended");
    this.#watch.sent(message);
    if (!input.write(`${JSON.stringify(message)}\n`))
      await Promise.race([once(input, "drain"), once(input, "close")]);
  }

  async close(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    this.#isClosing = true;
    const closed = once(child, "close");
    child.stdin?.end();
    const late = setTimeout(() => {
      this.#kill();
    }, GRACE_MILLISECONDS);
    await closed;
    clearTimeout(late);
  }

  #read(chunk: Buffer): void {
    if (this.#fault !== null) return;
    try {
      for (const line of this.#lines.add(chunk)) {
        const message = readMessage(line);
        if (message === null) continue;
        const problem = this.#watch.problemOf(message);
        // Later messages are ignored.
        if (problem !== null) throw new Error(problem);
        this.onmessage?.(message);
      }
    } catch (error) {
      this.#fault ??= error instanceof Error ? error.message : String(error);
      this.#kill();
    }
  }

  #kill(): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      if (process.platform === "win32") this.#child?.kill("SIGKILL");
      else process.kill(-pid, "SIGKILL");
    } catch {
      // It has already exited.
    }
  }
}

/**
 * Parses a line as a message. Null for a line that does not begin like a message, because many servers print
 * a greeting or a log. An incomplete message is an error, because the call that it answers would wait until
 * its deadline.
 */
const readMessage = (line: Buffer): JSONRPCMessage | null => {
  const text = line.toString("utf8").trim();
  if (!text.startsWith("{")) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error("it sent a message that is not valid JSON", { cause: error });
  }
  const message = JSONRPCMessageSchema.safeParse(value);
  if (!message.success) throw new Error("it sent a message that is not JSON-RPC 2.0");
  return message.data;
};
