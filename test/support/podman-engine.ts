import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { openEngine } from "../../server/instances/drivers/docker/engine.ts";
import type { Engine } from "../../server/instances/drivers/docker/engine.ts";
import { dockerEngine } from "../docker-engine.ts";
import { copyImage } from "./private-engine.ts";

const run = promisify(execFile);
const READY_MS = 20_000;

/** A separate Podman for a test, with its own storage, locks and socket. */
export interface PodmanEngine {
  readonly engine: Engine;
  close(): Promise<void>;
}

/** Why Podman cannot start; null if it can. It needs root, Podman, and an engine that has the worker's image. */
export const whyNoPodman = async (): Promise<string | null> => {
  const installed = await run("podman", ["--version"]).then(
    () => true,
    () => false,
  );
  if (!installed) return "podman is not installed";
  if (process.getuid?.() !== 0) return "only root can start a Podman of its own";
  return dockerEngine();
};

/** Settings that replace those of this machine. Some versions of crun fail if both versions of cgroups are mounted. */
const settings = (folder: string): string =>
  [
    "[engine]",
    'cgroup_manager = "cgroupfs"',
    'events_logger = "file"',
    'lock_type = "file"',
    'runtime = "runc"',
    `tmp_dir = "${join(folder, "temporary")}"`,
    "[network]",
    `network_config_dir = "${join(folder, "networks")}"`,
    "",
  ].join("\n");

export const startPodman = async (): Promise<PodmanEngine> => {
  const folder = await mkdtemp(join(tmpdir(), "coditect-podman-"));
  const [socket, storage] = [join(folder, "engine.sock"), join(folder, "storage")];
  await writeFile(join(folder, "containers.conf"), settings(folder));
  const service = spawn(
    "podman",
    [
      ...["--root", storage, "--runroot", join(folder, "run"), "--storage-driver", "overlay"],
      ...["system", "service", "--time", "0", `unix://${socket}`],
    ],
    // Podman's helpers write into the folder in which it was started.
    {
      cwd: folder,
      env: { ...process.env, CONTAINERS_CONF: join(folder, "containers.conf") },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  let said = "";
  service.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-2000);
  });
  const close = async (): Promise<void> => {
    if (service.exitCode === null && service.signalCode === null) {
      const exited = once(service, "exit");
      service.kill("SIGTERM");
      await exited;
    }
    await run("umount", ["--recursive", join(storage, "overlay")]).catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const deadline = performance.now() + READY_MS;
    for (;;) {
      const engine = await openEngine({ socket }).catch(() => null);
      if (engine !== null) {
        await copyImage({ socket });
        return { engine, close };
      }
      if (service.exitCode !== null || performance.now() > deadline) throw new Error(said);
      await wait(50);
    }
  } catch (error) {
    await close();
    throw new Error("podman did not start", { cause: error });
  }
};
