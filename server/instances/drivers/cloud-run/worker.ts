import type { Readable, Writable } from "node:stream";
import type { RemoteFiles, RunningWorker, WorkerEnd, WorkerUsage } from "../driver.ts";
import { endOf } from "../end.ts";
import type { Overseer } from "../remote/overseer.ts";
import type { RemoteStream } from "../remote/stream.ts";
import { channels } from "./gateway/protocol.ts";
import type { ContainerSession, ProgramEnd } from "./session.ts";

/** How a shell reports that a signal ended its child. */
const KILLED = 137;

/** A container in which a worker was started, and what it was started with. */
export interface StartedContainer {
  session: ContainerSession;
  worker: RemoteStream;
  overseer: Overseer;
  runtimeId: string;
  region: string;
  environment: Record<string, string>;
  paths: RunningWorker["paths"];
  details: RunningWorker["details"];
  memoryMb: number;
  remote: RemoteFiles;
}

const endOfWorker = ({ code, signal, out_of_memory, words }: ProgramEnd, memoryMb: number): WorkerEnd => {
  const wasKilled = signal === "SIGKILL" || code === KILLED;
  if (out_of_memory && wasKilled) return { kind: "out_of_memory", how: `out of memory: over ${memoryMb} MB` };
  return endOf(code, signal, words);
};

/** A worker in a container of Cloud Run. */
export class CloudRunWorker implements RunningWorker {
  readonly runtimeId: string;
  readonly input: Writable;
  readonly output: Readable;
  readonly region: string;
  readonly paths: RunningWorker["paths"];
  readonly environment: Record<string, string>;
  readonly details: RunningWorker["details"];
  readonly unconfinedReason = null;
  readonly remote: RemoteFiles;
  readonly ended: Promise<WorkerEnd>;
  readonly #started: StartedContainer;
  #reason: WorkerEnd | null = null;
  #usage: { at: number; value: WorkerUsage } = {
    at: Number.NEGATIVE_INFINITY,
    value: { cpu_seconds: 0, memory_mb: 0, processes: 0 },
  };

  constructor(started: StartedContainer) {
    this.#started = started;
    this.runtimeId = started.runtimeId;
    this.region = started.region;
    this.input = started.worker.input;
    this.output = started.worker.output;
    this.paths = started.paths;
    this.environment = started.environment;
    this.details = started.details;
    this.remote = started.remote;
    this.ended = this.#whenEnded();
  }

  async usage(maxAge = 1000): Promise<WorkerUsage> {
    if (performance.now() - this.#usage.at <= maxAge) return this.#usage.value;
    const value = (await this.#started.overseer.usage()) ?? this.#usage.value;
    this.#usage = { at: performance.now(), value };
    return value;
  }

  pause(): Promise<void> {
    return this.#started.overseer.pause();
  }

  resume(): Promise<void> {
    return this.#started.overseer.resume();
  }

  async kill(reason: WorkerEnd): Promise<WorkerEnd> {
    this.#reason ??= reason;
    await this.#started.session.close(reason.how);
    return this.ended;
  }

  async #whenEnded(): Promise<WorkerEnd> {
    const { session, memoryMb } = this.#started;
    const end = await Promise.race([
      session.end(channels.worker).then((ended) => endOfWorker(ended, memoryMb)),
      session.over.then((how): WorkerEnd => ({ kind: "exited", how })),
    ]);
    const reason = this.#reason ?? end;
    await session.close(reason.how);
    return reason;
  }
}
