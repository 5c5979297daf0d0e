import { createHash } from "node:crypto";
import { fail } from "../../../../schemas/errors.ts";
import { Json } from "../../../../schemas/primitives.ts";
import { DEFAULT_IMAGE, WORKER_LIBRARIES, WORKER_NODE, WORKER_SHELL } from "../docker/container.ts";
import type { WorkerSpec } from "../driver.ts";
import { asContainersFirstProcess } from "../first-process.ts";
import { COPY, remoteEnvironment } from "../remote/environment.ts";
import { RECEIVER } from "../remote/receiver.ts";
import { MANAGED_LABEL, patchPod } from "./patch.ts";
import type { KubernetesSettings } from "./settings.ts";

/** The resources of the container that receives the workspace. */
export const FILES_LIMITS = { cpus: 0.5, memory_mb: 256, disk_mb: 64 };

const INSTANCE_LABEL = "coditect.dev/instance";
export const STATE_LABEL = "coditect.dev/state";
/** The label with the runtime that created an object, by the name in its Lease. */
export const EPOCH = "coditect.dev/epoch";
const QUEUE_LABEL = "kueue.x-k8s.io/queue-name";
export const MANAGED: Readonly<Record<string, string>> = { [MANAGED_LABEL]: "coditect" };

/** The worker's container, and the container that writes the files that the worker may only read. */
export const WORKER = "worker";
export const FILES = "files";

/** The volume of the cache, and its place in the container that receives files. */
const CACHE = "cache";
export const CACHE_FOLDER = "/coditect-cache";

const WORKER_USER = 1000;
const FILES_USER = 1001;
const GROUP = 1000;
const SCRATCH_MB = 512;
/** What Node and a shell need in addition to what the commands of an instance may use. */
const OVERHEAD_MB = 128;

/** The value of `STATE_LABEL` that distinguishes the pods of a state folder from all others. */
export const stateOf = (stateFolder: string): string =>
  createHash("sha256").update(stateFolder).digest("hex").slice(0, 32);

/** The labels by which the runtime finds its own objects. */
export const labelsOf = (instanceId: string, stateFolder: string): Record<string, string> => ({
  ...MANAGED,
  [INSTANCE_LABEL]: instanceId,
  [STATE_LABEL]: stateOf(stateFolder),
});

/** A name that the API server accepts. An instance always gets the same name. */
export const podName = (instanceId: string): string => `coditect-${instanceId}`;

/**
 * The worker waits for a line of input before it starts, because output is lost until somebody is attached,
 * and because its files arrive only then.
 */
const WHEN_TOLD = 'read -r go || exit 0; exec "$@"';
export const GO = "go\n";

const security = (user: number) => ({
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  privileged: false,
  readOnlyRootFilesystem: true,
  runAsGroup: GROUP,
  runAsNonRoot: true,
  runAsUser: user,
  seccompProfile: { type: "RuntimeDefault" },
});

const listOf = (environment: Readonly<Record<string, string>>) =>
  Object.entries(environment).map(([name, value]) => ({ name, value }));

interface SentFolder {
  /** Of its volume. */
  name: string;
  mountPath: string;
}

/** One volume for each folder that is sent, at its own place in both containers. */
const sentFolders = (folders: readonly string[]): SentFolder[] =>
  folders.map((mountPath, index) => {
    // The API server does not accept a colon in the path of a mount.
    if (mountPath.includes(":"))
      throw fail("instance_not_started", {
        reason: `a cluster cannot mount ${mountPath}: its path has a colon`,
      });
    return { name: `files-${index}`, mountPath };
  });

export interface PodChoices {
  settings: KubernetesSettings;
  stateFolder: string;
  /** The runtime that started it, by the name in its Lease. */
  epoch: string;
  /** Absolute path of the worker's script, and Node's options before it. */
  args: readonly string[];
  /** Folders that are sent. None is inside another. */
  folders: readonly string[];
  /** The PersistentVolumeClaim with what earlier pods received; null: none. */
  cacheClaim: string | null;
}

interface MadePod {
  /** As the API server takes it. */
  pod: Json;
  environment: Record<string, string>;
  image: string;
}

const quantities = (spec: WorkerSpec) => ({
  cpu: `${Math.round(spec.limits.cpus * 1000)}m`,
  memory: `${spec.limits.memory_mb + OVERHEAD_MB}Mi`,
  "ephemeral-storage": `${spec.limits.disk_mb + SCRATCH_MB}Mi`,
});

const workerContainer = (
  spec: WorkerSpec,
  { args, settings }: PodChoices,
  mounts: readonly SentFolder[],
  image: string,
  environment: Record<string, string>,
) => {
  const limits = quantities(spec);
  return {
    name: WORKER,
    image,
    imagePullPolicy: "IfNotPresent",
    command: [
      WORKER_SHELL,
      "-c",
      WHEN_TOLD,
      "sh",
      ...asContainersFirstProcess([WORKER_NODE, ...args], WORKER_SHELL),
    ],
    workingDir: COPY,
    env: listOf(environment),
    // When the runtime ends, the worker's input closes, and the worker ends too.
    stdin: true,
    stdinOnce: true,
    resources: {
      limits,
      requests: { ...limits, cpu: `${Math.round(spec.limits.cpus * settings.cpu_request * 1000)}m` },
    },
    securityContext: security(WORKER_USER),
    volumeMounts: [
      ...mounts.map((mount) => ({ ...mount, readOnly: true })),
      { name: "copy", mountPath: COPY },
      { name: "scratch", mountPath: "/tmp" },
    ],
  };
};

/** The cache is mounted only here: this container runs no command of an agent. */
const filesContainer = (mounts: readonly SentFolder[], image: string, hasCache: boolean) => {
  const resources = {
    cpu: String(FILES_LIMITS.cpus),
    memory: `${FILES_LIMITS.memory_mb}Mi`,
    "ephemeral-storage": `${FILES_LIMITS.disk_mb}Mi`,
  };
  return {
    name: FILES,
    image,
    imagePullPolicy: "IfNotPresent",
    command: [WORKER_NODE, "-e", RECEIVER],
    env: listOf({ LD_LIBRARY_PATH: WORKER_LIBRARIES }),
    stdin: true,
    stdinOnce: true,
    resources: { limits: resources, requests: { ...resources, cpu: "10m" } },
    securityContext: security(FILES_USER),
    volumeMounts: [...mounts, ...(hasCache ? [{ name: CACHE, mountPath: CACHE_FOLDER }] : [])],
  };
};

/**
 * A pod for a worker, as plain data: what the Pod Security Standard `restricted` asks for, no token of an
 * account, no names of services, a read-only root, and caps. Errors: `pod_patch_refused`, `instance_not_started`.
 */
export const podOf = (spec: WorkerSpec, choices: PodChoices): MadePod => {
  const { settings, stateFolder, epoch, cacheClaim } = choices;
  const image = spec.image ?? settings.image ?? DEFAULT_IMAGE;
  const environment = remoteEnvironment(spec);
  const sent = sentFolders(choices.folders);
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: podName(spec.instance_id),
      labels: {
        ...labelsOf(spec.instance_id, stateFolder),
        ...(settings.queue !== null && { [QUEUE_LABEL]: settings.queue }),
      },
      annotations: { [EPOCH]: epoch },
    },
    spec: {
      restartPolicy: "Never",
      activeDeadlineSeconds: settings.deadline_seconds,
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      hostNetwork: false,
      hostPID: false,
      hostIPC: false,
      hostname: "instance",
      // Nothing answers at this address, because only the runtime's proxy resolves names.
      dnsPolicy: "None",
      dnsConfig: { nameservers: ["127.0.0.1"] },
      securityContext: {
        fsGroup: GROUP,
        // A volume that pods share keeps its owner, so nodes need not change every file for each pod.
        ...(cacheClaim !== null && { fsGroupChangePolicy: "OnRootMismatch" }),
        runAsGroup: GROUP,
        runAsNonRoot: true,
        runAsUser: WORKER_USER,
        seccompProfile: { type: "RuntimeDefault" },
      },
      // They start in this order: the program arrives while the worker's container starts.
      containers: [
        filesContainer(sent, image, cacheClaim !== null),
        workerContainer(spec, choices, sent, image, environment),
      ],
      volumes: [
        ...sent.map(({ name }) => ({ name, emptyDir: {} })),
        { name: "copy", emptyDir: { sizeLimit: `${spec.limits.disk_mb + SCRATCH_MB}Mi` } },
        { name: "scratch", emptyDir: { sizeLimit: `${SCRATCH_MB}Mi` } },
        ...(cacheClaim === null ? [] : [{ name: CACHE, persistentVolumeClaim: { claimName: cacheClaim } }]),
      ],
      ...(settings.runtime_class !== null && { runtimeClassName: settings.runtime_class }),
      ...(settings.priority_class !== null && { priorityClassName: settings.priority_class }),
      ...(Object.keys(settings.node_selector).length > 0 && { nodeSelector: settings.node_selector }),
      ...(settings.tolerations.length > 0 && { tolerations: settings.tolerations }),
      ...(settings.image_pull_secrets.length > 0 && {
        imagePullSecrets: settings.image_pull_secrets.map((name) => ({ name })),
      }),
    },
  };
  const patched = patchPod(Json.parse(pod), settings.patch, settings.patch_allowed);
  return { pod: patched, environment, image };
};
