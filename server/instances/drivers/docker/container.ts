import type Dockerode from "dockerode";
import { createHash } from "node:crypto";
import type { WorkerSpec } from "../driver.ts";
import { asContainersFirstProcess, asSeparateUser, separationRights } from "../first-process.ts";

/** Where an image built by us keeps the worker's own Node; see `image.ts`. */
export const WORKER_NODE = "/opt/coditect/bin/node";
/** The program of util-linux. We add our own, because not every image has it. */
export const WORKER_SETPRIV = "/opt/coditect/bin/setpriv";
/**
 * A copy of the image's `/bin/sh` that nobody may read. It is the first process of a container whose
 * commands run as the same user; see `image.ts`.
 */
export const WORKER_SHELL = "/opt/coditect/bin/sh";
export const WORKER_LIBRARIES = "/opt/coditect/lib";
export const DEFAULT_IMAGE = "coditect-worker";

const OPEN_FILES = 16_384;
/** The cap per user over all containers. The cap of one instance is `PidsLimit`. */
const USER_PROCESSES = 32_768;

/** These are explicit, because engines have different defaults, and Podman's exceeds what it is allowed. */
export const openLimits = (isPodman: boolean): { Name: string; Soft: number; Hard: number }[] => [
  { Name: "nofile", Soft: OPEN_FILES, Hard: OPEN_FILES },
  ...(isPodman ? [{ Name: "nproc", Soft: USER_PROCESSES, Hard: USER_PROCESSES }] : []),
];

/** The path of this machine's copy in the container. No folder in this path begins with a dot. */
export const COPY_FOLDER = "/instance";

export const INSTANCE_LABEL = "coditect.instance";
const STATE_LABEL = "coditect.state";

/** The label by which a state folder recognises its own containers. */
export const stateLabel = (stateFolder: string): string =>
  `${STATE_LABEL}=${createHash("sha256").update(stateFolder).digest("hex").slice(0, 32)}`;

export interface ContainerChoices {
  /** Absolute path of the worker's script, and Node's options before it. */
  args: readonly string[];
  /** The files of this machine that the worker sees: `boundMounts`, or a mirror of them. */
  mounts: readonly Dockerode.MountSettings[];
  stateFolder: string;
  isPodman: boolean;
  /** `uid:gid` of commands and owner of all files; a rootless engine's root is the user outside. */
  user: string;
  environment: Readonly<Record<string, string>>;
}

/** Without this option, Podman copies what a tmpfs covers into it. */
const EMPTY = "notmpcopyup";

/**
 * Options of a tmpfs that the worker can write. Docker gives a tmpfs the mode of the image's own folder,
 * whatever is requested, so the worker owns it. Podman uses the requested mode, but cannot set the owner.
 */
const temporary = ({ user, isPodman }: ContainerChoices): string => {
  const [uid = "0", gid = uid] = user.split(":");
  const options = "rw,nosuid,nodev,mode=1777,size=512m";
  return isPodman ? `${options},${EMPTY}` : `${options},uid=${uid},gid=${gid}`;
};
const readOnly = (path: string): Dockerode.MountSettings => ({
  Type: "bind",
  Source: path,
  Target: path,
  ReadOnly: true,
});

/** Mounts of this machine's files for an engine on it. `program` lists the folders of the script. */
export const boundMounts = (spec: WorkerSpec, program: readonly string[]): Dockerode.MountSettings[] => [
  ...[...program, ...spec.readable].map(readOnly),
  ...spec.hidden.flatMap(({ path, isFolder }) =>
    isFolder ? [] : [{ ...readOnly(path), Source: "/dev/null" }],
  ),
  { Type: "bind", Source: spec.copy, Target: COPY_FOLDER, ReadOnly: false },
  ...(spec.egress_socket === null ? [] : [readOnly(spec.egress_socket)]),
];

/** Mounts that make hidden paths look empty. A mirror does not contain hidden files. */
const emptyFolders = (spec: WorkerSpec, { mounts, isPodman }: ContainerChoices): Record<string, string> => {
  const isMirrored = mounts.every(({ Type }) => Type === "volume");
  const folders = isMirrored ? [] : spec.hidden.filter(({ isFolder }) => isFolder);
  const options = isPodman ? `ro,size=4k,${EMPTY}` : "ro,size=4k";
  return Object.fromEntries(folders.map(({ path }) => [path, options]));
};

/** A private copy on the engine's machine, which is removed with its container. */
export const ownCopy = (spec: WorkerSpec): Dockerode.MountSettings => ({
  Type: "volume",
  Source: "",
  Target: spec.copy,
  ReadOnly: false,
});

/**
 * A container for a worker, as plain data. It has no network, no capabilities for commands, no way to new
 * privileges, the default seccomp profile, a read-only root, and caps on memory, processors, processes
 * and file size. Files have the same paths as outside, as with the local driver.
 */
export const containerOf = (
  spec: WorkerSpec,
  choices: ContainerChoices,
): Dockerode.ContainerCreateOptions => {
  const [label = "", value = ""] = stateLabel(choices.stateFolder).split("=");
  const [user = "0", group = user] = choices.user.split(":");
  const memory = spec.limits.memory_mb * 1024 ** 2;
  const fileSize = spec.limits.disk_mb * 1024 ** 2;
  return {
    Image: spec.image ?? DEFAULT_IMAGE,
    Entrypoint: asContainersFirstProcess(asSeparateUser(WORKER_SETPRIV, [WORKER_NODE, ...choices.args])),
    Cmd: [],
    // Commands run as the other user and without capabilities, so they cannot signal processes of root.
    User: `0:${group}`,
    WorkingDir: choices.mounts.some(({ Target }) => Target === COPY_FOLDER) ? COPY_FOLDER : spec.copy,
    Hostname: "instance",
    Env: Object.entries({ ...choices.environment, CODITECT_COMMAND_USER: user }).map(
      ([name, entry]) => `${name}=${entry}`,
    ),
    Labels: { [label]: value, [INSTANCE_LABEL]: spec.instance_id },
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    // The worker's input closes when the runtime ends, and the worker ends with it.
    StdinOnce: true,
    Tty: false,
    StopTimeout: 1,
    HostConfig: {
      NetworkMode: "none",
      CapDrop: ["ALL"],
      CapAdd: separationRights,
      SecurityOpt: ["no-new-privileges"],
      ReadonlyRootfs: true,
      Privileged: false,
      IpcMode: "private",
      Memory: memory,
      MemorySwap: memory,
      NanoCpus: Math.round(spec.limits.cpus * 1e9),
      PidsLimit: spec.limits.processes,
      ShmSize: 64 * 1024 ** 2,
      OomScoreAdj: 500,
      Ulimits: [
        { Name: "core", Soft: 0, Hard: 0 },
        ...openLimits(choices.isPodman),
        { Name: "fsize", Soft: fileSize, Hard: fileSize },
      ],
      Tmpfs: { "/tmp": temporary(choices), ...emptyFolders(spec, choices) },
      // The worker's output belongs to the protocol; the engine must not keep it on disk.
      LogConfig: { Type: "none", Config: {} },
      Mounts: [...choices.mounts],
    },
  };
};
