import type Dockerode from "dockerode";
import { createHash } from "node:crypto";
import type { WorkerSpec } from "../driver.ts";

/** Where an image built by us keeps the worker's own Node; see `image.ts`. */
export const WORKER_NODE = "/opt/coditect/bin/node";
export const WORKER_LIBRARIES = "/opt/coditect/lib";
export const DEFAULT_IMAGE = "coditect-worker";

export const INSTANCE_LABEL = "coditect.instance";
const STATE_LABEL = "coditect.state";

/** The label by which a state folder knows its own containers and no others. */
export const stateLabel = (stateFolder: string): string =>
  `${STATE_LABEL}=${createHash("sha256").update(stateFolder).digest("hex").slice(0, 32)}`;

export interface ContainerChoices {
  /** Absolute path of the worker's script, and Node's options before it. */
  args: readonly string[];
  /** What of the machine's files it sees: `boundMounts`, or a mirror of them. */
  mounts: readonly Dockerode.MountSettings[];
  stateFolder: string;
  /** Whom the worker runs as; a rootless engine's root is the user outside. */
  user: string;
  environment: Readonly<Record<string, string>>;
}

/** Owned by the worker: engines give a tmpfs the mode of the image's own folder, whatever is asked. */
const temporary = (user: string): string => {
  const [uid = "0", gid = uid] = user.split(":");
  return `rw,nosuid,nodev,mode=1777,size=512m,uid=${uid},gid=${gid}`;
};
const readOnly = (path: string): Dockerode.MountSettings => ({
  Type: "bind",
  Source: path,
  Target: path,
  ReadOnly: true,
});

/** Files of this machine as an engine on it shows them; `program`: where the script is loaded from. */
export const boundMounts = (spec: WorkerSpec, program: readonly string[]): Dockerode.MountSettings[] => [
  ...[...program, ...spec.readable].map(readOnly),
  ...spec.hidden.map(({ path, isFolder }): Dockerode.MountSettings =>
    isFolder
      ? { Type: "tmpfs", Source: "", Target: path, ReadOnly: true }
      : { ...readOnly(path), Source: "/dev/null" },
  ),
  { Type: "bind", Source: spec.copy, Target: spec.copy, ReadOnly: false },
  ...(spec.egress_socket === null ? [] : [readOnly(spec.egress_socket)]),
];

/** A private copy that lives where the engine is, and ends with its container. */
export const ownCopy = (spec: WorkerSpec): Dockerode.MountSettings => ({
  Type: "volume",
  Source: "",
  Target: spec.copy,
  ReadOnly: false,
});

/**
 * A container for a worker, as plain data: no network, no capability, no way to new privileges,
 * the default seccomp profile, a read-only root, and caps on memory, processors, processes and file
 * size. Files stand at the same paths as outside, so that both drivers speak of the same places.
 */
export const containerOf = (
  spec: WorkerSpec,
  choices: ContainerChoices,
): Dockerode.ContainerCreateOptions => {
  const [label = "", value = ""] = stateLabel(choices.stateFolder).split("=");
  const memory = spec.limits.memory_mb * 1024 ** 2;
  const fileSize = spec.limits.disk_mb * 1024 ** 2;
  return {
    Image: spec.image ?? DEFAULT_IMAGE,
    Entrypoint: [WORKER_NODE, ...choices.args],
    Cmd: [],
    User: choices.user,
    WorkingDir: spec.copy,
    Hostname: "instance",
    Env: Object.entries(choices.environment).map(([name, entry]) => `${name}=${entry}`),
    Labels: { [label]: value, [INSTANCE_LABEL]: spec.instance_id },
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    // The worker's input closes when the runtime goes, and the worker with it.
    StdinOnce: true,
    Tty: false,
    StopTimeout: 1,
    HostConfig: {
      NetworkMode: "none",
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      ReadonlyRootfs: true,
      Privileged: false,
      IpcMode: "private",
      Init: true,
      Memory: memory,
      MemorySwap: memory,
      NanoCpus: Math.round(spec.limits.cpus * 1e9),
      PidsLimit: spec.limits.processes,
      ShmSize: 64 * 1024 ** 2,
      OomScoreAdj: 500,
      Ulimits: [
        { Name: "core", Soft: 0, Hard: 0 },
        { Name: "fsize", Soft: fileSize, Hard: fileSize },
      ],
      Tmpfs: { "/tmp": temporary(choices.user) },
      // What a worker prints belongs to the protocol; the engine must not keep it on disk.
      LogConfig: { Type: "none", Config: {} },
      Mounts: [...choices.mounts],
    },
  };
};
