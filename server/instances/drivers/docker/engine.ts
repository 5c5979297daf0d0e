import type Dockerode from "dockerode";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { CoditectError, fail } from "../../../../schemas/errors.ts";
import { isLoopback } from "../../../../schemas/loopback.ts";
import { askEngine } from "./ask-engine.ts";
import { sshOptions } from "./ssh.ts";

/** Where a container engine listens, as plain data. */
export type EngineAddress = { socket: string } | RemoteAddress;
interface RemoteAddress {
  host: string;
  port: number;
  protocol: "http" | "https" | "ssh";
  username?: string;
  tls: Tls | null;
}
interface Tls {
  ca: Buffer;
  cert: Buffer;
  key: Buffer;
}

interface Machine {
  environment: Readonly<Record<string, string | undefined>>;
  home: string;
}

const readTls = (folder: string): Tls | null => {
  const read = (name: string): Buffer => readFileSync(join(folder, name));
  return existsSync(join(folder, "key.pem"))
    ? { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") }
    : null;
};

/** Parses `unix:///run/x.sock`, `npipe:////./pipe/x`, `tcp://host:2376` and `ssh://user@host`. */
export const parseHost = (host: string, tls: Tls | null): EngineAddress => {
  const local = /^(?:unix|npipe):\/\/(.+)$/.exec(host)?.[1];
  if (local !== undefined) return { socket: local };
  const url = new URL(host);
  const isSsh = url.protocol === "ssh:";
  const port = url.port === "" ? (isSsh ? 22 : tls === null ? 2375 : 2376) : Number(url.port);
  const protocol = isSsh ? "ssh" : tls === null && url.protocol !== "https:" ? "http" : "https";
  const username = decodeURIComponent(url.username);
  return { host: url.hostname, port, protocol, tls, ...(username !== "" && { username }) };
};

const ContextMeta = z.object({ Endpoints: z.object({ docker: z.object({ Host: z.string() }) }) });

/** The engine of a `docker context`; null for the default one, or one that does not exist. */
const contextAddress = ({ environment, home }: Machine): EngineAddress | null => {
  const folder = environment.DOCKER_CONFIG ?? join(home, ".docker");
  const config = join(folder, "config.json");
  const current = (): string | undefined =>
    existsSync(config)
      ? z.object({ currentContext: z.string().optional() }).parse(JSON.parse(readFileSync(config, "utf8")))
          .currentContext
      : undefined;
  const name = environment.DOCKER_CONTEXT ?? current() ?? "default";
  if (name === "default") return null;
  const id = createHash("sha256").update(name).digest("hex");
  const meta = join(folder, "contexts", "meta", id, "meta.json");
  if (!existsSync(meta)) return null;
  const { Endpoints } = ContextMeta.parse(JSON.parse(readFileSync(meta, "utf8")));
  return parseHost(Endpoints.docker.Host, readTls(join(folder, "contexts", "tls", id, "docker")));
};

/** Sockets of Docker, Docker Desktop, rootless Docker, Colima and Podman, in this order. */
const usualSockets = ({ environment, home }: Machine): string[] => {
  const runtime = environment.XDG_RUNTIME_DIR ?? "/run/user/none";
  return [
    "/var/run/docker.sock",
    join(home, ".docker", "run", "docker.sock"),
    join(home, ".docker", "desktop", "docker.sock"),
    join(runtime, "docker.sock"),
    join(home, ".colima", "default", "docker.sock"),
    join(runtime, "podman", "podman.sock"),
    "/run/podman/podman.sock",
  ];
};

/** Which engine to use: DOCKER_HOST, then the current context, then the first usual socket. */
export const engineAddress = (machine: Machine): EngineAddress => {
  const { DOCKER_HOST, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH } = machine.environment;
  if (DOCKER_HOST !== undefined && DOCKER_HOST !== "") {
    const folder = DOCKER_CERT_PATH ?? join(machine.home, ".docker");
    return parseHost(DOCKER_HOST, (DOCKER_TLS_VERIFY ?? "") === "" ? null : readTls(folder));
  }
  const fromContext = contextAddress(machine);
  if (fromContext !== null) return fromContext;
  if (process.platform === "win32") return { socket: "//./pipe/docker_engine" };
  const sockets = usualSockets(machine);
  return { socket: sockets.find((path) => existsSync(path)) ?? "/var/run/docker.sock" };
};

const Failure = z.object({
  code: z.string().optional(),
  statusCode: z.int().optional(),
  message: z.string(),
});

const hints: Readonly<Record<string, [reason: string, hint: string]>> = {
  ENOENT: ["there is none on this machine", "Install and start Docker or Podman, or use --runtime local."],
  ECONNREFUSED: ["nothing answers at its socket", "Start it, or use --runtime local."],
  EACCES: [
    "this user may not use its socket",
    "Add the user to the docker group and log in again, or use a rootless engine.",
  ],
  ENOTFOUND: ["its host cannot be found", "Check DOCKER_HOST and the current docker context."],
  ETIMEDOUT: ["its host does not answer", "Check DOCKER_HOST and the network."],
  ECONNRESET: ["it ended the connection", "See its log; it may be restarting."],
};

/** What an engine's error means for the user. */
export const engineError = (error: unknown, image: string): CoditectError => {
  if (error instanceof CoditectError) return error;
  const { code, statusCode, message } = Failure.catch({ message: String(error) }).parse(error);
  const known = hints[code ?? ""];
  const unavailable = (reason: string, hint: string): CoditectError =>
    fail("engine_unavailable", { reason, hint }, { cause: error });
  if (known !== undefined) return unavailable(...known);
  if (statusCode === 404 && /image/i.test(message)) return fail("image_missing", { image }, { cause: error });
  if (/no space left/i.test(message)) {
    return unavailable("its disk is full", "Free space, for example with docker system prune.");
  }
  if (/exec format error|does not match the detected host platform/i.test(message)) {
    return unavailable(
      `the image ${image} is for another processor`,
      "Build it on this machine: coditect image build.",
    );
  }
  if (message.includes('"/bin/sh"'))
    return unavailable(
      `the image ${image} has no shell at /bin/sh`,
      "Build one from a base that has a shell: coditect image build.",
    );
  return unavailable(message.replace(/^\(HTTP code \d+\) [^-]*- /, "").trim(), "See the log of the engine.");
};

const LOCAL_REGION = "local";

/** A client of the engine, and the facts about it that drivers need. */
export interface Engine {
  client: Dockerode;
  /** Whether the engine sees the files of this machine. */
  isLocal: boolean;
  isPodman: boolean;
  /** `local` for an engine that sees the files of this machine, else the engine's host. */
  region: string;
}

const clientOptions = ({ tls, protocol, ...where }: RemoteAddress): Dockerode.DockerOptions =>
  protocol === "ssh" ? sshOptions(where) : { ...where, protocol, ...tls };

const Info = z.object({ Name: z.string() });
const Version = z.object({ Components: z.array(z.object({ Name: z.string() })).optional() });

/**
 * Opens a client and asks the engine for its identity. dockerode is loaded here and only if an engine is
 * used, because that takes a quarter of a second. Errors: the engine's own.
 */
export const openEngine = async (address: EngineAddress): Promise<Engine> => {
  const { default: Docker } = await import("dockerode");
  const isSocket = "socket" in address;
  const client = new Docker(isSocket ? { socketPath: address.socket } : clientOptions(address));
  const signal = new AbortController().signal;
  const version = Version.parse(await askEngine(client, "/version", signal));
  const isPodman = version.Components?.some(({ Name }) => Name.startsWith("Podman")) ?? false;
  if (isSocket) return { client, isLocal: true, isPodman, region: LOCAL_REGION };
  // A port of this machine may be a tunnel to another one, so the engine is asked for its host name.
  const isNear = address.protocol !== "ssh" && isLoopback(address.host);
  const isLocal = isNear && Info.parse(await askEngine(client, "/info", signal)).Name === hostname();
  return { client, isLocal, isPodman, region: isLocal ? LOCAL_REGION : address.host };
};

/** The engine of this machine and user. */
export const findEngine = (): Promise<Engine> =>
  openEngine(engineAddress({ environment: process.env, home: homedir() }));
