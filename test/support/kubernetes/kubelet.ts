import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { WORKER_NODE, WORKER_SHELL } from "../../../server/instances/drivers/docker/container.ts";

const Container = z.object({
  name: z.string(),
  command: z.array(z.string()),
  workingDir: z.string().default("/"),
  env: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
  volumeMounts: z
    .array(z.object({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().default(false) }))
    .default([]),
});
export const RunnablePod = z.object({
  metadata: z.object({ name: z.string(), uid: z.string() }),
  spec: z.object({
    containers: z.array(Container),
    volumes: z
      .array(
        z.object({
          name: z.string(),
          persistentVolumeClaim: z.object({ claimName: z.string() }).optional(),
        }),
      )
      .default([]),
  }),
});
export type RunnablePod = z.infer<typeof RunnablePod>;

/** The programs that an image adds to its base, which nobody may read. */
const addPrograms = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "coditect-image-"));
  process.once("exit", () => {
    rmSync(folder, { recursive: true, force: true });
  });
  for (const [path, source] of [
    [WORKER_NODE, process.execPath],
    [WORKER_SHELL, "/bin/sh"],
  ] as const) {
    const target = join(folder, basename(path));
    await copyFile(realpathSync(source), target);
    await chmod(target, 0o111);
  }
  return folder;
};
let added: Promise<string> | null = null;

/** The system of an image: the programs of this machine and of the worker, but none of the user's files. */
const system = (programs: string): string[] => [
  ...["--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/sbin", "/sbin"],
  ...["--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"],
  ...["--proc", "/proc", "--dev", "/dev"],
  ...["--ro-bind", programs, dirname(WORKER_NODE)],
];

/** A container, which is a process of this machine in its own namespaces. */
export class RunningContainer {
  readonly name: string;
  readonly child: ChildProcess;
  /** The ID of its first process on this machine. */
  readonly pid: number;
  readonly ended: Promise<number>;
  /** Bytes that clients have sent to its standard input. */
  received = 0;

  constructor(name: string, child: ChildProcess, pid: number) {
    this.name = name;
    this.child = child;
    this.pid = pid;
    this.ended = once(child, "exit").then(([code]) => z.int().nullable().parse(code) ?? 137);
  }

  /** Starts another program in it. */
  exec(command: readonly string[]): ChildProcess {
    const into = [
      "--target",
      String(this.pid),
      "--user",
      "--mount",
      "--pid",
      "--net",
      "--preserve-credentials",
    ];
    const libraries = { LD_LIBRARY_PATH: "/opt/coditect/lib", PATH: "/usr/bin:/bin" };
    // A process that enters has rights there until it starts a program. `env` starts the command without
    // these rights.
    return spawn("nsenter", [...into, "--", "/usr/bin/env", ...command], { env: libraries });
  }

  kill(): void {
    try {
      process.kill(this.pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  }
}

const isSettingUp = (pid: number): boolean => {
  try {
    return readlinkSync(`/proc/${pid}/exe`).endsWith("bwrap");
  } catch {
    return false;
  }
};

const Info = z.object({ "child-pid": z.int() });

/** Runs the containers of pods, as a kubelet does with a container runtime. */
export class Kubelet {
  readonly #pods = new Map<string, { folder: string; containers: RunningContainer[] }>();
  /** The folders of volumes that outlive their pods, by claim. */
  readonly #claims = new Map<string, string>();

  container(pod: string, name: string): RunningContainer | undefined {
    return this.#pods.get(pod)?.containers.find((one) => one.name === name);
  }

  /** Resolves when its containers run. With `sharesNetwork`, they use the network of this machine. */
  async run(pod: RunnablePod, sharesNetwork: boolean): Promise<RunningContainer[]> {
    const folder = await mkdtemp(join(tmpdir(), "coditect-pod-"));
    const volumes = new Map<string, string>();
    for (const { name, persistentVolumeClaim: claim } of pod.spec.volumes)
      volumes.set(name, claim === undefined ? join(folder, name) : await this.#claimed(claim.claimName));
    await Promise.all([...volumes.values()].map((path) => mkdir(path, { recursive: true })));
    const containers = await Promise.all(
      pod.spec.containers.map((container) => this.#start(container, volumes, sharesNetwork)),
    );
    this.#pods.set(pod.metadata.name, { folder, containers });
    return containers;
  }

  async #claimed(claim: string): Promise<string> {
    const folder = this.#claims.get(claim) ?? (await mkdtemp(join(tmpdir(), "coditect-claim-")));
    this.#claims.set(claim, folder);
    return folder;
  }

  async #start(
    { name, command, workingDir, env, volumeMounts }: z.infer<typeof Container>,
    volumes: ReadonlyMap<string, string>,
    sharesNetwork: boolean,
  ): Promise<RunningContainer> {
    const mounts = volumeMounts
      .toSorted((a, b) => a.mountPath.length - b.mountPath.length)
      .flatMap(({ name: volume, mountPath, readOnly }) => [
        readOnly ? "--ro-bind" : "--bind",
        volumes.get(volume) ?? "",
        mountPath,
      ]);
    const options = [
      ...["--unshare-all", ...(sharesNetwork ? ["--share-net"] : []), "--uid", "1000", "--gid", "1000"],
      ...["--cap-drop", "ALL"],
      ...["--die-with-parent", "--new-session", "--as-pid-1", "--info-fd", "3", "--clearenv"],
      ...env.flatMap((each) => ["--setenv", each.name, each.value]),
      ...system(await (added ??= addPrograms())),
      ...mounts,
      ...["--remount-ro", "/", "--chdir", workingDir],
    ];
    const child = spawn("bwrap", [...options, "--", ...command], { stdio: ["pipe", "pipe", "pipe", "pipe"] });
    child.stdin.on("error", () => undefined);
    // The fourth stream is the requested one.
    const info = child.stdio[3] as Readable;
    const { "child-pid": pid } = Info.parse(JSON.parse(await text(info)));
    // bubblewrap reports the process before all mounts exist.
    while (existsSync(`/proc/${pid}`) && isSettingUp(pid)) await sleep(2);
    const container = new RunningContainer(name, child, pid);
    // Output without an attached client is dropped.
    const drop = (): void => undefined;
    child.stdout.on("data", drop);
    child.stderr.on("data", drop);
    return container;
  }

  /** Ends a pod's containers and removes its volumes. */
  async end(name: string): Promise<void> {
    const pod = this.#pods.get(name);
    if (pod === undefined) return;
    for (const container of pod.containers) container.kill();
    await Promise.all(pod.containers.map(({ ended }) => ended));
    this.#pods.delete(name);
    await rm(pod.folder, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pods.keys()].map((name) => this.end(name)));
    for (const folder of this.#claims.values()) await rm(folder, { recursive: true, force: true });
  }
}
