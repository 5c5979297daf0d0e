import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { DEFAULT_IMAGE } from "../../server/instances/drivers/docker/container.ts";
import { findEngine, openEngine, parseHost } from "../../server/instances/drivers/docker/engine.ts";
import type { EngineAddress } from "../../server/instances/drivers/docker/engine.ts";
import { isRunning } from "../../server/instances/drivers/process-table.ts";
import { dockerEngine } from "../docker-engine.ts";

const run = promisify(execFile);
const READY_MS = 30_000;

/** A separate container engine for a test, with its own sockets and data. It may be killed. */
export interface PrivateEngine {
  /** Its address on the loopback, with TLS and its own key. */
  readonly address: EngineAddress;
  readonly socket: string;
  /** Kills it as in a crash, together with the supervisors of its containers. */
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** A free port of the loopback. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
};

/** Creates an authority, and keys of a server and a client, for `dockerd --tlsverify`. */
const makeCertificates = async (folder: string): Promise<void> => {
  await mkdir(folder);
  const openssl = (...args: string[]) => run("openssl", args, { cwd: folder, timeout: 10_000 });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await openssl(
    "req",
    "-x509",
    ...key,
    "-keyout",
    "ca-key.pem",
    "-out",
    "ca.pem",
    "-days",
    "2",
    "-subj",
    "/CN=test",
  );
  const kinds = { server: "serverAuth", client: "clientAuth" };
  for (const [name, usage] of Object.entries(kinds)) {
    await writeFile(join(folder, `${name}.cnf`), `subjectAltName=IP:127.0.0.1\nextendedKeyUsage=${usage}\n`);
    await openssl("req", ...key, "-keyout", `${name}-key.pem`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    const signing = ["-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-extfile", `${name}.cnf`];
    await openssl("x509", "-req", "-in", `${name}.csr`, ...signing, "-out", `${name}.pem`, "-days", "2");
  }
};

/** Copies the image of this machine's engine to another one. */
export const copyImage = async (address: EngineAddress): Promise<void> => {
  const [{ client: from }, { client: to }] = await Promise.all([findEngine(), openEngine(address)]);
  const progress = await to.loadImage(await from.getImage(DEFAULT_IMAGE).get());
  progress.resume();
  await once(progress, "end");
};

const succeeds = async (program: string, ...args: string[]): Promise<boolean> =>
  run(program, args).then(
    () => true,
    () => false,
  );

/** Why a separate engine cannot start; null if it can. It needs root, dockerd and openssl. */
export const whyNoPrivateEngine = async (): Promise<string | null> => {
  const missing = await dockerEngine();
  if (missing !== null) return missing;
  if (process.getuid?.() !== 0) return "only root can start a container engine of its own";
  return (await succeeds("dockerd", "--version")) ? null : "dockerd is not installed";
};

export interface PrivateEngineOptions {
  /** Limits its storage, which then has no image. If left out, it is unlimited and has the worker's image. */
  diskMb?: number;
}

/** Starts a second engine on this machine. */
export const startPrivateEngine = async ({ diskMb }: PrivateEngineOptions = {}): Promise<PrivateEngine> => {
  const folder = await mkdtemp(join(tmpdir(), "coditect-engine-"));
  const certificates = join(folder, "certificates");
  const [port] = await Promise.all([freePort(), makeCertificates(certificates)]);
  const certificate = (name: string): Promise<Buffer> => readFile(join(certificates, `${name}.pem`));
  const address = parseHost(`tcp://127.0.0.1:${port}`, {
    ca: await certificate("ca"),
    cert: await certificate("client"),
    key: await certificate("client-key"),
  });
  const socket = join(folder, "engine.sock");
  let daemon: ChildProcess | null = null;

  if (diskMb !== undefined) {
    await mkdir(join(folder, "data"));
    await run("mount", ["-t", "tmpfs", "-o", `size=${diskMb}m`, "tmpfs", join(folder, "data")]);
  }

  const answers = (): Promise<boolean> =>
    openEngine({ socket }).then(
      () => true,
      () => false,
    );
  const start = async (): Promise<void> => {
    // With its own host name, it counts as an engine on another machine for clients with TLS.
    daemon = spawn(
      "unshare",
      [
        ...["--uts", "--", "/bin/sh", "-c", 'hostname elsewhere && exec dockerd "$@"', "sh"],
        ...["--storage-driver=overlay2", "--bridge=none", "--iptables=false", "--ip6tables=false"],
        ...["--data-root", join(folder, "data"), "--exec-root", join(folder, "run")],
        ...["--pidfile", join(folder, "engine.pid"), "--host", `unix://${socket}`],
        ...["--host", `tcp://127.0.0.1:${port}`, "--tlsverify"],
        ...["--tlscacert", join(certificates, "ca.pem")],
        ...["--tlscert", join(certificates, "server.pem"), "--tlskey", join(certificates, "server-key.pem")],
      ],
      { stdio: "ignore" },
    );
    const deadline = performance.now() + READY_MS;
    while (!(await answers())) {
      if (daemon.exitCode !== null || performance.now() > deadline) throw new Error("dockerd did not start");
      await wait(50);
    }
  };
  const isUp = (): boolean => daemon !== null && daemon.exitCode === null && daemon.signalCode === null;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (daemon === null || !isUp()) return;
    const exited = once(daemon, "exit");
    daemon.kill(signal);
    await exited;
  };

  const close = async (): Promise<void> => {
    await end("SIGTERM");
    // Every start mounts the data onto itself again, and the end removes only one of these mounts.
    while (await succeeds("umount", "--recursive", join(folder, "data")));
    await rm(folder, { recursive: true, force: true });
  };

  try {
    await start();
    if (diskMb === undefined) await copyImage(address);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    address,
    socket,
    start,
    kill: async () => {
      const record = join(folder, "run", "containerd", "containerd.pid");
      const supervisor = Number(await readFile(record, "utf8"));
      await end("SIGKILL");
      if (isRunning(supervisor)) process.kill(supervisor, "SIGKILL");
      while (isRunning(supervisor)) await wait(5);
      // A new engine would take recorded process IDs for running processes.
      for (const path of [record, join(folder, "engine.pid")]) await rm(path, { force: true });
    },
    close: async () => {
      // Only an engine can remove the mounts and containers that a killed one left behind.
      if (!isUp()) await start();
      await close();
    },
  };
};
