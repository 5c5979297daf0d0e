import type Dockerode from "dockerode";
import { chown, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { WorkerEntry } from "../../../platform/installation.ts";
import { fail } from "../../../../schemas/errors.ts";
import { startUnlessCancelled } from "../cancellable-start.ts";
import type { Driver, RemoteFiles, RunningWorker, WorkerSpec } from "../driver.ts";
import { egressEnvironment } from "../egress/environment.ts";
import { RELAYED_SOCKET } from "../egress/relay.ts";
import { programFolders } from "../program.ts";
import { attach } from "./attach.ts";
import {
  boundMounts,
  COPY_FOLDER,
  containerOf,
  DEFAULT_IMAGE,
  ownCopy,
  stateLabel,
  WORKER_LIBRARIES,
  WORKER_NODE,
} from "./container.ts";
import { engineError, findEngine } from "./engine.ts";
import type { Engine } from "./engine.ts";
import { ownedFolder } from "./mirror/archive.ts";
import { recipeOf } from "./image-label.ts";
import { createMirrors } from "./mirror/mirrors.ts";
import type { MirrorUse } from "./mirror/mirrors.ts";
import { removeLabelled } from "./orphans.ts";
import { relayEgress } from "./relay.ts";
import { folderBytesIn } from "./usage.ts";
import { ContainerWorker } from "./worker.ts";

/** Pauses between the attempts to remove leftovers from an engine that is unreachable. */
const SWEEP_PAUSES_MS = [500, 1000, 2000, 4000, 8000, 16_000];

/** The worker's user if the runtime itself is root, or its engine is on another machine. */
const UNPRIVILEGED = 1000;
const OTHERS_MAY_ENTER = 0o005;
const HOME = "/tmp/home";

/** The worker's folder in a volume that belongs to the engine. */
const COPY = "work";

/** The maximum number of paths that are hidden by one mount each. */
const MOST_HIDDEN = 500;

/**
 * A command that reports that it runs and, when its input ends, ends everything else in the container. The
 * worker may no longer read its own input.
 */
const GUARD = ["/bin/sh", "-c", "echo; read -r line; kill -s KILL -- -1"];

export interface DockerDriverOptions {
  entry: WorkerEntry;
  /** Containers are labelled with it, and only those with its label are ever removed. */
  stateFolder: string;
  /** The image for agents that ask for none; if left out, the one built from this machine. */
  image?: string;
  /** If left out, the engine of this machine and user. */
  engine?: () => Promise<Engine>;
}

type ImagedSpec = WorkerSpec & { image: string };

/** @param socket the path of the proxy's socket in the container. */
const environmentOf = (socket: string | null, onRequest: boolean): Record<string, string> => ({
  PATH: `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${dirname(WORKER_NODE)}`,
  LD_LIBRARY_PATH: WORKER_LIBRARIES,
  HOME,
  TMPDIR: "/tmp",
  LANG: "C.UTF-8",
  CI: "1",
  NO_COLOR: "1",
  CODITECT_CONFINED: "1",
  ...egressEnvironment(socket, onRequest),
});

/** The proxy's socket if it cannot be mounted, because a socket does not work across kernels; else null. */
const proxyToRelay = (spec: WorkerSpec, mirror: MirrorUse | null): string | null =>
  mirror === null && process.platform === "linux" ? null : spec.egress_socket;

/** Gives the worker's user access to the workspace and its copy; returns that user. */
const localUser = async (spec: WorkerSpec): Promise<string> => {
  const [uid = UNPRIVILEGED, gid = UNPRIVILEGED] = [process.getuid?.(), process.getgid?.()];
  if (uid !== 0) return `${uid}:${gid === 0 ? UNPRIVILEGED : gid}`;
  await chown(spec.copy, UNPRIVILEGED, UNPRIVILEGED);
  const { mode } = await stat(spec.workspace);
  if ((mode & OTHERS_MAY_ENTER) !== OTHERS_MAY_ENTER) {
    const reason = "the workspace is closed to other users, and its containers do not run as root";
    throw fail("instance_not_started", { reason });
  }
  return `${UNPRIVILEGED}:${gid === 0 ? UNPRIVILEGED : gid}`;
};

/**
 * Starts a second process, which depends on the runtime's connection and not on the worker. Resolves when it
 * runs or has failed. Engines answer before that, but it must be counted as a process at rest.
 */
const guard = async (container: Dockerode.Container): Promise<void> => {
  const exec = await container.exec({ Cmd: GUARD, AttachStdin: true, AttachStdout: true });
  const stream = await exec.start({ hijack: true, stdin: true });
  await new Promise((settled) => {
    stream.on("error", settled).once("close", settled).once("data", settled).resume();
  });
};

/** Attaches to a container and starts it. */
const startContainer = async (client: Dockerode, container: Dockerode.Container) => {
  const stream = await attach(client, container);
  const waiting = container.wait({ condition: "next-exit" }) as Promise<{ StatusCode: number }>;
  waiting.catch(() => undefined);
  await container.start();
  return { container, stream, waiting, guarded: guard(container).catch(() => undefined) };
};

/**
 * Names of this process's instances and mirrors, whose containers are not orphans, by state folder. All
 * runtimes of a folder share them: a closed one may still remove orphans when the next one has started.
 */
const ownNames = new Map<string, Set<string>>();

const namesIn = (stateFolder: string): Set<string> => {
  const names = ownNames.get(stateFolder) ?? new Set<string>();
  ownNames.set(stateFolder, names);
  return names;
};

/** Instances as containers. An engine on another machine gets a mirror of the workspace. */
export const createDockerDriver = (options: DockerDriverOptions): Driver => {
  const { entry, stateFolder } = options;
  const [label = "", value = ""] = stateLabel(stateFolder).split("=");
  let opened: Promise<Engine> | null = null;
  const engine = (): Promise<Engine> =>
    (opened ??= (options.engine ?? findEngine)().catch((error: unknown) => {
      opened = null; // It may be there the next time.
      throw error;
    }));

  const own = namesIn(stateFolder);
  const mirrors = createMirrors(entry, { [label]: value }, own);
  let sweep: Promise<number> | null = null;
  const removeOrphans = async (): Promise<number> => {
    sweep ??= engine().then(({ client }) => removeLabelled(client, stateLabel(stateFolder), own));
    try {
      return await sweep;
    } catch (error) {
      sweep = null;
      throw error;
    }
  };

  let isSweeping = false;
  /** Removes leftovers when the engine answers again, or at the latest before the next start. */
  const sweepAgain = async (): Promise<void> => {
    sweep = null;
    if (isSweeping) return;
    isSweeping = true;
    for (const pause of SWEEP_PAUSES_MS) {
      await sleep(pause, null, { ref: false });
      const isSwept = await removeOrphans().then(
        () => true,
        () => false,
      );
      if (isSwept) break;
    }
    isSweeping = false;
  };

  const create = async ({ client, isPodman }: Engine, spec: ImagedSpec, mirror: MirrorUse | null) => {
    const user = mirror === null ? await localUser(spec) : `${UNPRIVILEGED}:${UNPRIVILEGED}`;
    const isRelayed = proxyToRelay(spec, mirror) !== null;
    const environment = environmentOf(
      isRelayed ? RELAYED_SOCKET : spec.egress_socket,
      spec.egress_on_request,
    );
    const bound = isRelayed ? { ...spec, egress_socket: null } : spec;
    const mounts =
      mirror === null ? boundMounts(bound, programFolders(entry)) : [...mirror.mounts, ownCopy(spec)];
    const container = await client.createContainer(
      containerOf(spec, { args: entry.args, mounts, stateFolder, isPodman, user, environment }),
    );
    if (mirror !== null) await container.putArchive(ownedFolder(COPY, user), { path: spec.copy });
    return { container, environment, user };
  };

  const launch = async (spec: ImagedSpec, signal: AbortSignal): Promise<RunningWorker> => {
    let container: Dockerode.Container | null = null;
    let mirror: MirrorUse | null = null;
    try {
      const found = await engine();
      own.add(spec.instance_id);
      // An image that is missing is reported when its container is created.
      await Promise.all([removeOrphans(), recipeOf(found, spec.image, signal)]);
      // A container with many mounts starts slowly. A mirror needs none, because it lacks the hidden files.
      const isBound = found.isLocal && spec.hidden.length <= MOST_HIDDEN;
      mirror = isBound ? null : await mirrors.use(found, spec, signal);
      const created = await create(found, spec, mirror);
      ({ container } = created);
      const started = await startContainer(found.client, container);
      const proxy = proxyToRelay(spec, mirror);
      if (proxy !== null) await relayEgress(container, proxy);
      const remote: RemoteFiles | null =
        mirror === null
          ? null
          : {
              refresh: mirror.refresh,
              copyBytes: () => folderBytesIn(started.container, spec.copy, created.user),
            };
      return new ContainerWorker({
        ...started,
        environment: created.environment,
        region: found.region,
        paths: { source: spec.workspace, copy: mirror === null ? COPY_FOLDER : join(spec.copy, COPY) },
        details: { image: spec.image, workspace: mirror === null ? "mounted" : "sent to the engine" },
        memoryMb: spec.limits.memory_mb,
        image: spec.image,
        remote,
        onGone: async (wasRemoved) => {
          await mirror?.release().catch(() => undefined);
          own.delete(spec.instance_id);
          if (!wasRemoved) void sweepAgain();
        },
      });
    } catch (error) {
      // An unreachable engine removes nothing, and it may have created a container without answering.
      const wasRemoved = await container?.remove({ force: true, v: true }).then(
        () => true,
        () => false,
      );
      await mirror?.release().catch(() => undefined);
      own.delete(spec.instance_id);
      if (wasRemoved !== true) void sweepAgain();
      throw engineError(error, spec.image);
    }
  };

  return {
    runtime: "Docker",
    start: (asked, signal) => {
      const spec = { ...asked, image: asked.image ?? options.image ?? DEFAULT_IMAGE };
      return startUnlessCancelled(() => launch(spec, signal), signal);
    },
    removeOrphans,
  };
};
