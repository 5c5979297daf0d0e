import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { openEngine } from "../../../server/instances/drivers/docker/engine.ts";
import type { Cluster } from "../../../server/instances/drivers/kubernetes/cluster.ts";
import { buildImage } from "../../../server/instances/drivers/docker/image.ts";
import { NODE_ADDRESS } from "./control-plane.ts";
import { Program } from "./program.ts";

const run = promisify(execFile);
const READY_MS = 60_000;
const BUILD_MS = 180_000;
export const NODE = "test-node";
const PAUSE_IMAGE = "coditect-pause:1";
/** The usual path, because only these tests use this `/run`. */
export const SOCKET = "/run/docker.sock";

const scripts = join(import.meta.dirname, "..", "..", "..", "scripts", "kubernetes");

/** The program that keeps the namespaces of a pod until it is ended. */
const PAUSE = `#include <signal.h>
#include <unistd.h>
static void end(int signal) { (void)signal; _exit(0); }
int main(void) { signal(SIGTERM, end); signal(SIGINT, end); for (;;) pause(); }
`;

/** The configuration of a small cluster, whose node answers everyone who reaches it. */
const configuration = {
  apiVersion: "kubelet.config.k8s.io/v1beta1",
  kind: "KubeletConfiguration",
  authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
  authorization: { mode: "AlwaysAllow" },
  cgroupDriver: "cgroupfs",
  cgroupsPerQOS: false,
  enforceNodeAllocatable: [],
  failSwapOn: false,
  makeIPTablesUtilChains: false,
  healthzPort: 0,
  evictionHard: {},
};

const Node = z.object({
  status: z.object({
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
  }),
});

/** A node of the cluster: a container engine without a network, and a kubelet. */
export class ClusterNode {
  readonly kubelet: Program;
  readonly engine: Program;
  readonly #folder: string;
  readonly #cluster: Cluster;

  constructor(programs: string, folder: string, kubeconfig: string, cluster: Cluster) {
    this.#folder = folder;
    this.#cluster = cluster;
    this.engine = new Program(
      "dockerd",
      [
        ...["dockerd", "--storage-driver=overlay2", `--cgroup-parent=/${basename(dirname(folder))}`],
        // The network plug-in provides the network of pods.
        ...["--bridge=none", "--iptables=false", "--ip6tables=false"],
        ...["--add-runtime", `pods=${join(scripts, "runc.sh")}`, "--default-runtime=pods"],
        ...["--data-root", join(folder, "docker"), "--host", `unix://${SOCKET}`],
      ],
      folder,
    );
    this.kubelet = new Program(
      "kubelet",
      [
        ...[join(programs, "kubelet"), "--kubeconfig", kubeconfig, "--container-runtime=docker"],
        ...["--config", join(folder, "kubelet.json"), "--root-dir", join(folder, "kubelet")],
        ...["--cert-dir", join(folder, "kubelet", "pki"), "--node-ip", NODE_ADDRESS],
        ...["--pod-infra-container-image", PAUSE_IMAGE, "--hostname-override", NODE],
        ...[
          "--network-plugin=cni",
          "--cni-bin-dir",
          join(folder, "cni"),
          "--cni-conf-dir",
          join(folder, "cni"),
        ],
        ...["--seccomp-profile-root", join(folder, "seccomp")],
        ...["--volume-plugin-dir", join(folder, "plugins")],
      ],
      folder,
    );
  }

  /** Resolves when pods can run. */
  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await writeFile(join(this.#folder, "kubelet.json"), JSON.stringify(configuration));
    const plugins = join(this.#folder, "cni");
    await mkdir(plugins);
    for (const name of ["nowhere", "loopback"]) await copyFile(join(scripts, "cni.sh"), join(plugins, name));
    const network = { cniVersion: "0.3.1", name: "nowhere", plugins: [{ type: "nowhere" }] };
    await writeFile(join(plugins, "1.conflist"), JSON.stringify(network));
    this.engine.start();
    await this.engine.ready(async () => {
      await openEngine({ socket: SOCKET });
      return true;
    }, READY_MS);
    await this.#importPause();
    const engine = await openEngine({ socket: SOCKET });
    await buildImage({ base: null, engine, signal: AbortSignal.timeout(BUILD_MS) });
    this.kubelet.start();
    await this.ready();
  }

  /** Resolves when the API server reports that pods can run here. */
  async ready(): Promise<void> {
    await this.kubelet.ready(async () => {
      const path = `/api/v1/nodes/${NODE}`;
      const { status } = await this.#cluster.ask(Node, "GET", path, {}, AbortSignal.timeout(5000));
      return status.conditions.some(({ type, status: is }) => type === "Ready" && is === "True");
    }, READY_MS);
  }

  /** The IDs of the running containers. */
  async containers(): Promise<string[]> {
    const { client } = await openEngine({ socket: SOCKET });
    return (await client.listContainers()).map(({ Id }) => Id);
  }

  async close(): Promise<void> {
    await this.kubelet.end("SIGKILL");
    await this.engine.end();
  }

  async #importPause(): Promise<void> {
    const folder = join(this.#folder, "pause");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "pause.c"), PAUSE);
    await run("gcc", ["-static", "-Os", "-o", "pause", "pause.c"], { cwd: folder });
    const archive = spawn("tar", ["-C", folder, "-c", "pause"], { stdio: ["ignore", "pipe", "inherit"] });
    const command = ["import", "--change", 'ENTRYPOINT ["/pause"]', "-", PAUSE_IMAGE];
    const importing = spawn("docker", ["--host", `unix://${SOCKET}`, ...command], {
      stdio: [archive.stdout, "ignore", "inherit"],
    });
    const [code] = z.tuple([z.int(), z.unknown()]).parse(await once(importing, "exit"));
    if (code !== 0) throw new Error(`docker import ended with ${code}`);
  }
}
