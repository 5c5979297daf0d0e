import type { Readable, Writable } from "node:stream";
import type { RemoteFiles, RunningWorker, WorkerEnd, WorkerUsage } from "../driver.ts";
import type { Overseer } from "./overseer.ts";
import type { RemoteStream } from "./stream.ts";

/** A worker on another machine, and what it was started with. */
export interface StartedWorker {
  worker: RemoteStream;
  overseer: Overseer;
  environment: Record<string, string>;
  paths: RunningWorker["paths"];
  details: RunningWorker["details"];
  memoryMb: number;
  remote: RemoteFiles;
}

/** A worker on another machine. An overseer next to it measures and pauses its processes. */
export abstract class RemoteWorker implements RunningWorker {
  readonly runtimeId: string;
  readonly region: string;
  readonly input: Writable;
  readonly output: Readable;
  readonly paths: RunningWorker["paths"];
  readonly environment: Record<string, string>;
  readonly details: RunningWorker["details"];
  readonly unconfinedReason = null;
  readonly remote: RemoteFiles;
  abstract readonly ended: Promise<WorkerEnd>;
  readonly #overseer: Overseer;
  #usage: { at: number; value: WorkerUsage } = {
    at: Number.NEGATIVE_INFINITY,
    value: { cpu_seconds: 0, memory_mb: 0, processes: 0 },
  };

  constructor(runtimeId: string, region: string, started: StartedWorker) {
    this.runtimeId = runtimeId;
    this.region = region;
    this.input = started.worker.input;
    this.output = started.worker.output;
    this.paths = started.paths;
    this.environment = started.environment;
    this.details = started.details;
    this.remote = started.remote;
    this.#overseer = started.overseer;
  }

  async usage(maxAge = 1000): Promise<WorkerUsage> {
    if (performance.now() - this.#usage.at <= maxAge) return this.#usage.value;
    const value = (await this.#overseer.usage()) ?? this.#usage.value;
    this.#usage = { at: performance.now(), value };
    return value;
  }

  pause(): Promise<void> {
    return this.#overseer.pause();
  }

  resume(): Promise<void> {
    return this.#overseer.resume();
  }

  abstract kill(reason: WorkerEnd): Promise<WorkerEnd>;
}
