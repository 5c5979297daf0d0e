import type Dockerode from "dockerode";
import { chown, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { WorkerEntry } from "../../installation.ts";
import { fail } from "../../../schemas/errors.ts";
import type { Driver, RunningWorker, WorkerEnd, WorkerSpec, WorkerUsage } from "../driver.ts";
import { egressEnvironment } from "../egress/environment.ts";
import { endOf } from "../end.ts";
import { programFolders } from "../program.ts";
import { processTable, treeOf, usageOf } from "../local/process-table.ts";
import {
  containerOf,
  DEFAULT_IMAGE,
  INSTANCE_LABEL,
  stateLabel,
  WORKER_LIBRARIES,
  WORKER_NODE,
} from "./container.ts";
import { Demultiplexer } from "./demultiplexer.ts";
import { engineError, findEngine } from "./engine.ts";
import type { Engine } from "./engine.ts";
import { statistics, visiblePid } from "./usage.ts";

/** Whom a worker runs as when the runtime itself is root. */
const UNPRIVILEGED = 1000;
const OTHERS_MAY_ENTER = 0o005;
const HOME = "/tmp/home";

/** Ends with its input, and then ends everything else: for a worker that no longer listens. */
const GUARD = ["/bin/sh", "-c", "cat >/dev/null; kill -s KILL -- -1"];

class ContainerWorker implements RunningWorker {
  readonly runtimeId: string;
  readonly input: Writable;
  readonly output: Readable;
  readonly paths: { source: string; copy: string };
  readonly environment: Record<string, string>;
  readonly details: RunningWorker["details"];
  readonly unconfinedReason = null;
  readonly ended: Promise<WorkerEnd>;
  readonly #container: Dockerode.Container;
  #reason: WorkerEnd | null = null;
  #visiblePid: Promise<number | null> | null = null;
  #usage: { at: number; value: WorkerUsage } = {
    at: Number.NEGATIVE_INFINITY,
    value: { cpu_seconds: 0, memory_mb: 0, processes: 0 },
  };

  constructor(
    container: Dockerode.Container,
    stream: NodeJS.ReadWriteStream,
    waiting: Promise<{ StatusCode: number }>,
    spec: WorkerSpec,
    environment: Record<string, string>,
  ) {
    this.#container = container;
    this.runtimeId = container.id;
    this.paths = { source: spec.workspace, copy: spec.copy };
    this.environment = environment;
    this.details = { image: spec.image ?? DEFAULT_IMAGE };
    const apart = new Demultiplexer();
    // The connection to the engine can break; the container's end says what that means.
    stream.on("error", () => apart.end());
    stream.pipe(apart);
    this.output = apart;
    this.input = stream as unknown as Writable;
    this.ended = this.#whenEnded(waiting, apart, spec.limits.memory_mb);
  }

  async #whenEnded(
    waiting: Promise<{ StatusCode: number }>,
    apart: Demultiplexer,
    memoryMb: number,
  ): Promise<WorkerEnd> {
    const end = await waiting.then(
      async ({ StatusCode }): Promise<WorkerEnd> => {
        const state = await this.#container.inspect().then(
          ({ State }) => State,
          () => null,
        );
        return state?.OOMKilled === true
          ? { kind: "out_of_memory", how: `out of memory: over ${memoryMb} MB` }
          : endOf(StatusCode, null, apart.lastWords);
      },
      (): WorkerEnd => ({ kind: "exited", how: "the container engine went away" }),
    );
    apart.destroy();
    this.input.destroy();
    await this.#container.remove({ force: true, v: true }).catch(() => undefined);
    return this.#reason ?? end;
  }

  /** The process table shows it at once where the engine runs on this kernel; statistics take 1 s. */
  async usage(maxAge = 1000): Promise<WorkerUsage> {
    this.#visiblePid ??= visiblePid(this.#container);
    const pid = await this.#visiblePid;
    if (pid !== null) {
      const tree = treeOf(await processTable(maxAge), pid);
      if (tree.length > 0) this.#usage = { at: performance.now(), value: usageOf(tree) };
    } else if (performance.now() - this.#usage.at > maxAge) {
      const value = await statistics(this.#container);
      if (value !== null) this.#usage = { at: performance.now(), value };
    }
    return this.#usage.value;
  }

  async pause(): Promise<void> {
    await this.#container.pause();
  }

  async resume(): Promise<void> {
    await this.#container.unpause();
  }

  async kill(reason: WorkerEnd): Promise<WorkerEnd> {
    this.#reason ??= reason;
    // A removed container is an ended one; `ended` waits for what the engine says of it.
    await this.#container.remove({ force: true, v: true }).catch(() => undefined);
    return this.ended;
  }
}

export interface DockerDriverOptions {
  entry: WorkerEntry;
  /** Containers are labelled with it, and only those with its label are ever removed. */
  stateFolder: string;
  /** Used where nothing else is asked for; left out: the one built from this machine. */
  image?: string;
  /** Left out: the engine of this machine and user. */
  engine?: () => Promise<Engine>;
}

/** Instances as containers of an engine that sees the files of this machine. */
export const createDockerDriver = (options: DockerDriverOptions): Driver => {
  const { entry, stateFolder } = options;
  let opened: Promise<Engine> | null = null;
  const engine = (): Promise<Engine> => (opened ??= (options.engine ?? findEngine)());

  const create = async (client: Dockerode, spec: WorkerSpec) => {
    const isRoot = process.getuid?.() === 0;
    const user = isRoot ? UNPRIVILEGED : (process.getuid?.() ?? UNPRIVILEGED);
    if (isRoot) {
      await chown(spec.copy, UNPRIVILEGED, UNPRIVILEGED);
      const { mode } = await stat(spec.workspace);
      if ((mode & OTHERS_MAY_ENTER) !== OTHERS_MAY_ENTER) {
        const reason = "the workspace is closed to other users, and its containers do not run as root";
        throw fail("worker_failed", { what: "start", reason });
      }
    }
    const environment = {
      PATH: `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${dirname(WORKER_NODE)}`,
      LD_LIBRARY_PATH: WORKER_LIBRARIES,
      HOME,
      TMPDIR: "/tmp",
      LANG: "C.UTF-8",
      CI: "1",
      NO_COLOR: "1",
      CODITECT_CONFINED: "1",
      ...egressEnvironment(spec.egress_socket),
    };
    const made = containerOf(spec, {
      args: entry.args,
      program: programFolders(entry),
      stateFolder,
      user: `${user}:${process.getgid?.() === 0 ? UNPRIVILEGED : (process.getgid?.() ?? user)}`,
      environment,
    });
    return { container: await client.createContainer(made), environment };
  };

  /** Instances of this runtime, whose containers are no orphans. */
  const own = new Set<string>();
  let orphans: Promise<number> | null = null;
  const removeOrphans = async (): Promise<number> => {
    const { client } = await engine();
    const filters = { label: [stateLabel(stateFolder)] };
    const found = await client.listContainers({ all: true, filters });
    const left = found.filter(({ Labels }) => !own.has(Labels[INSTANCE_LABEL] ?? ""));
    await Promise.all(left.map(({ Id }) => client.getContainer(Id).remove({ force: true, v: true })));
    return left.length;
  };

  /** A second process that lives on the runtime's connection, not on the worker's good will. */
  const guard = async (container: Dockerode.Container): Promise<void> => {
    const exec = await container.exec({ Cmd: GUARD, AttachStdin: true });
    const stream = await exec.start({ hijack: true, stdin: true });
    stream.on("error", () => undefined).resume();
  };

  return {
    runtime: "Docker",
    start: async (asked, signal) => {
      const image = asked.image ?? options.image ?? DEFAULT_IMAGE;
      const spec = { ...asked, image };
      let container: Dockerode.Container | null = null;
      try {
        const { client, isLocal } = await engine();
        if (!isLocal) {
          const hint = "Use an engine on this machine, or --runtime local.";
          throw fail("engine_unavailable", { reason: "it does not see the files of this machine", hint });
        }
        own.add(spec.instance_id);
        orphans ??= removeOrphans();
        await orphans;
        const created = await create(client, spec);
        ({ container } = created);
        const stream = await container.attach({
          stream: true,
          hijack: true,
          stdin: true,
          stdout: true,
          stderr: true,
        });
        const waiting = container.wait({ condition: "next-exit" }) as Promise<{ StatusCode: number }>;
        waiting.catch(() => undefined);
        await container.start();
        const worker = new ContainerWorker(container, stream, waiting, spec, created.environment);
        if (signal.aborted) {
          await worker.kill({ kind: "stopped", how: "it was not wanted any more" });
          throw fail("cancelled", { what: "Starting the instance" });
        }
        guard(container).catch(() => undefined);
        return worker;
      } catch (error) {
        await container?.remove({ force: true, v: true }).catch(() => undefined);
        throw engineError(error, image);
      }
    },
    removeOrphans: () => (orphans ??= removeOrphans()),
  };
};
