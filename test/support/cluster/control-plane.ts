import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { KubeConfig } from "@kubernetes/client-node";
import { z } from "zod";
import { Cluster } from "../../../server/instances/drivers/kubernetes/cluster.ts";
import { Program } from "./program.ts";

const run = promisify(execFile);
const READY_MS = 120_000;
/** The tests run in their own network, so every port is free. */
const ETCD = "http://127.0.0.1:2379";
export const NODE_ADDRESS = "10.210.0.1";
const API_SERVER = `https://${NODE_ADDRESS}:6443`;

/** The users: one with all rights, one with those of the runtime's account, and one for rights of a test. */
const users = {
  admin: 'admin,1,"system:masters"',
  runtime: "system:serviceaccount:coditect:coditect-runtime,2",
  limited: "limited,3",
};
export type User = keyof typeof users;

/** The configuration with which a client reaches the API server as one of these users. */
export const configOf = (user: User): KubeConfig => {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: "real", server: API_SERVER, skipTLSVerify: true },
    { name: user, token: `${user}-token` },
  );
  return config;
};

/** etcd, the API server with RBAC, the scheduler and the controller manager, as real processes. */
export class ControlPlane {
  readonly apiServer: Program;
  readonly scheduler: Program;
  readonly #folder: string;
  readonly #etcd: Program;
  readonly #controllers: Program;

  /** @param programs the folder of the built programs; `folder`: the folder that they write to. */
  constructor(programs: string, folder: string) {
    this.#folder = folder;
    const [account, kubeconfig] = [join(folder, "account.key"), join(folder, "admin.kubeconfig")];
    const client = ["--kubeconfig", kubeconfig, "--leader-elect=false", "--secure-port=0", "--port=0"];
    const program = (name: string, ...args: string[]) =>
      new Program(name, [join(programs, name), ...args], folder);
    this.#etcd = new Program(
      "etcd",
      [
        ...["etcd", "--data-dir", join(folder, "etcd"), "--unsafe-no-fsync"],
        ...["--listen-client-urls", ETCD, "--advertise-client-urls", ETCD],
      ],
      folder,
    );
    this.apiServer = program(
      "kube-apiserver",
      ...["--etcd-servers", ETCD, "--bind-address", NODE_ADDRESS, "--secure-port", "6443"],
      ...["--cert-dir", join(folder, "certificates"), "--token-auth-file", join(folder, "tokens.csv")],
      ...["--authorization-mode", "RBAC", "--service-cluster-ip-range", "10.96.0.0/24"],
      ...["--service-account-issuer", "https://kubernetes.default.svc"],
      ...["--service-account-key-file", account, "--service-account-signing-key-file", account],
      ...["--kubelet-preferred-address-types", "InternalIP"],
      // The account of a namespace is created a moment later, and nothing here waits for that.
      ...["--disable-admission-plugins", "ServiceAccount", "--allow-privileged=false"],
    );
    this.scheduler = program("kube-scheduler", ...client);
    this.#controllers = program(
      "kube-controller-manager",
      ...[...client, "--service-account-private-key-file", account],
    );
  }

  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await run("openssl", ["genrsa", "-out", join(this.#folder, "account.key"), "2048"]);
    const tokens = Object.entries(users).map(([name, rest]) => `${name}-token,${rest}`);
    await writeFile(join(this.#folder, "tokens.csv"), `${tokens.join("\n")}\n`);
    for (const user of ["admin", "runtime", "limited"] as const)
      await writeFile(this.kubeconfig(user), configOf(user).exportConfig());
    this.#etcd.start();
    this.apiServer.start();
    await this.answers();
    this.scheduler.start();
    this.#controllers.start();
  }

  /** Resolves when the API server is ready. */
  answers(): Promise<void> {
    const admin = this.as("admin");
    const ask = async (): Promise<boolean> => {
      // The API server creates its roles a moment after it listens.
      const path = "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node";
      await admin.ask(z.unknown(), "GET", path, {}, AbortSignal.timeout(5000));
      return true;
    };
    return this.apiServer.ready(ask, READY_MS);
  }

  /** The path of this user's kubeconfig. */
  kubeconfig(user: User): string {
    return join(this.#folder, `${user}.kubeconfig`);
  }

  as(user: User, namespace = "coditect"): Cluster {
    return new Cluster(configOf(user), namespace);
  }

  async close(): Promise<void> {
    for (const program of [this.#controllers, this.scheduler, this.apiServer, this.#etcd])
      await program.end("SIGKILL");
  }
}
