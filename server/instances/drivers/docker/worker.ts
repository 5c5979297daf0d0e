import type Dockerode from "dockerode";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { RemoteFiles, RunningWorker, WorkerEnd, WorkerUsage } from "../driver.ts";
import { endOf, outOfMemory } from "../end.ts";
import { OUT_OF_MEMORY } from "../first-process.ts";
import { processTable, treeOf, usageOf } from "../process-table.ts";
import { WORKER_NODE } from "./container.ts";
import { Demultiplexer } from "./demultiplexer.ts";
import { countProcesses, followStatistics, visiblePid } from "./usage.ts";
import type { Statistics } from "./usage.ts";

/** How long an engine may take to report the exit code after the container's streams have ended. */
const WAIT_GRACE_MS = 1000;

/** A started container, and the options that it was started with. */
export interface StartedContainer {
  container: Dockerode.Container;
  stream: NodeJS.ReadWriteStream;
  waiting: Promise<{ StatusCode: number }>;
  /** Resolves when its guard runs or has failed to start. */
  guarded: Promise<void>;
  environment: Record<string, string>;
  region: string;
  paths: RunningWorker["paths"];
  details: RunningWorker["details"];
  memoryMb: number;
  image: string;
  /** Null if the engine is on this machine and sees its files. */
  remote: RemoteFiles | null;
  /** Called when the container has been removed, or could not be. */
  onGone: (wasRemoved: boolean) => Promise<void>;
}

/** Whether an engine says that the object to remove does not exist. */
const isMissing = (error: unknown): boolean =>
  error instanceof Error && "statusCode" in error && error.statusCode === 404;

/** The messages of a shell that cannot run Node, and of a Node that does not know an option. */
const NOT_STARTED = `${WORKER_NODE}: `;

/** Why a container ended on its own. */
const endOfContainer = (code: number, lastWords: string, image: string): WorkerEnd =>
  lastWords.includes(NOT_STARTED)
    ? {
        kind: "exited",
        how: `Node does not start in the image ${image}: it was not made by coditect image build, or is for another processor`,
      }
    : endOf(code, null, lastWords);

/** A worker in a container. */
export class ContainerWorker implements RunningWorker {
  readonly runtimeId: string;
  readonly input: Writable;
  readonly output: Readable;
  readonly region: string;
  readonly paths: RunningWorker["paths"];
  readonly environment: Record<string, string>;
  readonly details: RunningWorker["details"];
  readonly unconfinedReason = null;
  readonly remote: RemoteFiles | null;
  readonly ended: Promise<WorkerEnd>;
  readonly #started: StartedContainer;
  #reason: WorkerEnd | null = null;
  #removal: Promise<boolean> | null = null;
  #visiblePid: Promise<number | null> | null = null;
  #statistics: Statistics | null = null;
  #usage: { at: number; value: WorkerUsage } = {
    at: Number.NEGATIVE_INFINITY,
    value: { cpu_seconds: 0, memory_mb: 0, processes: 0 },
  };

  constructor(started: StartedContainer) {
    const { container, stream, environment, region, paths, details, remote } = started;
    this.#started = started;
    this.runtimeId = container.id;
    this.region = region;
    this.paths = paths;
    this.environment = environment;
    this.details = details;
    this.remote = remote;
    const apart = new Demultiplexer();
    // The connection to the engine can break. The way in which the container ends explains why.
    stream.on("error", () => apart.end());
    stream.pipe(apart);
    this.output = apart;
    // The engine's stream is a socket, so both of its halves are Node's own.
    this.input = stream as unknown as Writable;
    this.ended = this.#whenEnded(apart);
  }

  async #whenEnded(apart: Demultiplexer): Promise<WorkerEnd> {
    const { container, waiting, memoryMb, image, onGone } = this.#started;
    const end = await Promise.race([waiting, this.#whenCutOff()]).then(
      async ({ StatusCode }): Promise<WorkerEnd> => {
        const state = await container.inspect().then(
          ({ State }) => State,
          () => null,
        );
        return state?.OOMKilled === true || StatusCode === OUT_OF_MEMORY
          ? outOfMemory(memoryMb)
          : endOfContainer(StatusCode, apart.lastWords, image);
      },
      (): WorkerEnd => ({ kind: "exited", how: "the container engine went away" }),
    );
    apart.destroy();
    this.input.destroy();
    this.#statistics?.stop();
    await onGone(await this.#remove());
    return this.#reason ?? end;
  }

  /**
   * Inspects the container after the worker's stream has closed, because an engine that dies never completes
   * its answer.
   */
  async #whenCutOff(): Promise<{ StatusCode: number }> {
    const { container, stream } = this.#started;
    await new Promise((closed) => stream.once("close", closed));
    await sleep(WAIT_GRACE_MS, null, { ref: false });
    const { State } = await container.inspect();
    if (State.Running) throw new Error("it runs on where nothing reaches it");
    return { StatusCode: State.ExitCode };
  }

  /** Removes the container, and resolves with whether it is gone. Engines refuse a second removal meanwhile. */
  async #remove(): Promise<boolean> {
    this.#removal ??= this.#started.container.remove({ force: true, v: true }).then(() => true, isMissing);
    const isGone = await this.#removal;
    if (!isGone) this.#removal = null;
    return isGone;
  }

  /**
   * If the engine runs on this kernel, the usage comes from the process table at once. Other engines report it
   * once a second.
   */
  async usage(maxAge = 1000): Promise<WorkerUsage> {
    const { container, guarded } = this.#started;
    if (maxAge === 0) await guarded;
    this.#visiblePid ??= this.remote === null ? visiblePid(container) : Promise.resolve(null);
    const pid = await this.#visiblePid;
    if (pid !== null) {
      const tree = treeOf(await processTable(maxAge), pid);
      if (tree.length > 0) this.#usage = { at: performance.now(), value: usageOf(tree) };
    } else if (performance.now() - this.#usage.at > maxAge) {
      this.#statistics ??= followStatistics(container);
      const processes = await countProcesses(container);
      const value = {
        ...this.#usage.value,
        ...this.#statistics.latest(),
        ...(processes !== null && { processes }),
      };
      this.#usage = { at: performance.now(), value };
    }
    return this.#usage.value;
  }

  async pause(): Promise<void> {
    await this.#started.container.pause();
  }

  async resume(): Promise<void> {
    await this.#started.container.unpause();
  }

  async kill(reason: WorkerEnd): Promise<WorkerEnd> {
    this.#reason ??= reason;
    // A removed container has ended; `ended` waits for the engine's report.
    await this.#remove();
    return this.ended;
  }
}
