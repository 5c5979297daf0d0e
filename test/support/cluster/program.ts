import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const LOOK_MS = 100;

/** A program of a cluster. It runs until it is ended, and can be started again. */
export class Program {
  readonly name: string;
  readonly #command: readonly string[];
  readonly #folder: string;
  #child: ChildProcess | null = null;

  /** @param folder the folder in which it runs, and which contains its log. */
  constructor(name: string, command: readonly string[], folder: string) {
    this.name = name;
    this.#command = command;
    this.#folder = folder;
  }

  start(): void {
    const [program = "", ...args] = this.#command;
    const log = openSync(this.#log, "a");
    this.#child = spawn(program, args, { cwd: this.#folder, stdio: ["ignore", log, log] });
    closeSync(log);
  }

  /** Resolves when it has ended. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }

  /** Resolves when it answers. Rejects with the end of its log if it ends or takes too long. */
  async ready(answers: () => Promise<boolean>, milliseconds: number): Promise<void> {
    const deadline = performance.now() + milliseconds;
    while (!(await answers().catch(() => false))) {
      const hasEnded = this.#child?.exitCode !== null;
      if (hasEnded || performance.now() > deadline)
        throw new Error(
          `${this.name} ${hasEnded ? "ended" : "is not ready"}:\n${(await this.log()).slice(-4000)}`,
        );
      await sleep(LOOK_MS);
    }
  }

  log(): Promise<string> {
    return readFile(this.#log, "utf8");
  }

  get #log(): string {
    return `${this.#folder}/${this.name}.log`;
  }
}
