import { existsSync, realpathSync, statSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { fail } from "../../schemas/errors.ts";
import type { McpServerConfig } from "../../schemas/mcp.ts";
import type { Settings } from "../../schemas/settings.ts";
import type { Log } from "../platform/log.ts";
import { egressEnvironment, loopbackEnvironment } from "../instances/drivers/egress/environment.ts";
import { withWayOut } from "../instances/drivers/egress/inside.ts";
import { type AllowedHost, isClosedAddress, parseAllowedHost } from "../instances/drivers/egress/policy.ts";
import { type Egress, openEgress } from "../instances/drivers/egress/proxy.ts";
import { bubblewrapArguments, sandboxHosts, toolchainPaths } from "../instances/drivers/local/bubblewrap.ts";
import { hostsFile } from "../instances/drivers/local/command.ts";
import { probeSandbox } from "../instances/drivers/local/confinement.ts";
import { workerEnvironment } from "../instances/drivers/local/environment.ts";
import { seatbeltParameters } from "../instances/drivers/local/seatbelt.ts";
import { createHiddenFinder } from "../instances/drivers/hidden.ts";

type StdioServer = Extract<McpServerConfig, { command: string }>;

/** How a server is started. */
export interface ServerCommand {
  command: string;
  args: string[];
  env: Record<string, string>;
  folder: string;
}

const SANDBOX_HOME = "/tmp/home";

export interface SandboxOptions {
  /** Absolute path. */
  workspace: string;
  /** Absolute path; servers get scratch folders below it. */
  scratchFolder: string;
  unconfined: () => Settings["unconfined"];
  /** Whether a server's configuration may ask to run outside of the sandbox. */
  mayLeaveSandbox: boolean;
  /** `allowed_hosts`: the user's setting. A server's list may name only private addresses from it. */
  settings: Pick<Settings, "allowed_hosts">;
  log: Log;
}

/**
 * Confines the commands of MCP servers and hooks on this machine as instances are confined. They write only to
 * a scratch folder, and reach only the hosts that a server's entry lists.
 */
export class ServerSandbox {
  readonly #options: SandboxOptions;
  readonly #hidden = createHiddenFinder();
  readonly #folders: string[] = [];
  /** By the program's name and its hosts: a program that starts again uses the same proxy. */
  readonly #waysOut = new Map<string, Promise<Egress>>();

  constructor(options: SandboxOptions) {
    this.#options = options;
  }

  /**
   * The confined command of a server. It sees the workspace without its secrets, and a scratch folder
   * of its own. Errors: `sandbox_unavailable` where nothing confines it and the user did not allow that,
   * `server_only` if it asks to leave the sandbox where it may not.
   */
  async command(
    server: StdioServer,
    variables: Record<string, string>,
    name = server.command,
  ): Promise<ServerCommand> {
    const { workspace, scratchFolder, unconfined: mayBeUnconfined, mayLeaveSandbox } = this.#options;
    if (server.sandbox === "none" && !mayLeaveSandbox)
      throw fail("server_only", { what: "Permission to run commands without a sandbox" });
    const sandbox = server.sandbox === "none" ? null : await probeSandbox();
    if (sandbox !== null && "unavailable" in sandbox && mayBeUnconfined() !== "allow")
      throw fail("sandbox_unavailable", { reason: sandbox.unavailable });
    await mkdir(scratchFolder, { recursive: true, mode: 0o700 });
    const place = await mkdtemp(join(scratchFolder, "server-"));
    this.#folders.push(place);
    const scratch = join(place, "scratch");
    await mkdir(scratch, { mode: 0o700 });
    const unconfined = {
      command: server.command,
      args: server.args,
      env: { ...ownEnvironment(), ...variables },
    };
    if (sandbox === null) return { ...unconfined, folder: workspace };
    if ("unavailable" in sandbox) return { ...unconfined, folder: scratch };
    const readable = [workspace, ...programPlaces(server)];
    const hidden = await this.#hidden(workspace);
    const own = "program" in sandbox ? { home: SANDBOX_HOME, temporary: "/tmp" } : await ownFolders(place);
    const wayOut = await this.#openWayOut(name, server.allowed_hosts ?? [], "wrap" in sandbox);
    const network =
      "program" in sandbox
        ? egressEnvironment(wayOut?.socket ?? null, false)
        : loopbackEnvironment(wayOut?.loopback ?? null, false);
    const env = { ...workerEnvironment(process.env, [], own), ...network, ...variables };
    const command = [server.command, ...server.args];
    if ("wrap" in sandbox) {
      const writable = [scratch, own.home, own.temporary];
      const confinement = {
        readable: [...toolchainPaths(homedir(), env.PATH ?? ""), ...readable],
        writable,
        hidden,
        proxyPort: wayOut?.loopback?.port ?? null,
      };
      const wrapped = sandbox.wrap(seatbeltParameters(confinement, env, command));
      return { command: "/bin/sh", args: ["-c", wrapped], env, folder: scratch };
    }
    const hosts = hostsFile(scratch);
    await writeFile(hosts, sandboxHosts(existsSync("/proc/net/if_inet6")));
    const confinement = {
      readable: [
        ...toolchainPaths(homedir(), env.PATH ?? ""),
        ...readable,
        ...(wayOut === null ? [] : [dirname(process.execPath)]),
      ],
      writable: scratch,
      caches: [],
      userHome: homedir(),
      hidden,
      socket: wayOut?.socket ?? null,
      hosts,
      home: SANDBOX_HOME,
      temporary_mb: 64,
      shield: "none" as const,
    };
    const inside = wayOut === null ? command : withWayOut(command);
    const args = [...bubblewrapArguments(confinement, sandbox.options), ...inside];
    return { command: sandbox.program, args, env, folder: scratch };
  }

  /** The proxy to the hosts that a server's entry lists; null: it lists none. */
  async #openWayOut(name: string, listed: string[], onLoopback: boolean): Promise<Egress | null> {
    if (listed.length === 0) return null;
    const { log, settings } = this.#options;
    const allowed = reachable(listed, settings.allowed_hosts);
    const key = JSON.stringify([name, allowed]);
    const known = this.#waysOut.get(key);
    if (known !== undefined) return known;
    const opening = openEgress({
      allowed,
      onLoopback,
      onConnection: ({ host, port, address, reason }) => {
        if (address === null) log("warn", `The MCP server ${name} cannot reach ${host}:${port}: ${reason}.`);
      },
    });
    this.#waysOut.set(key, opening);
    opening.catch(() => this.#waysOut.delete(key));
    return opening;
  }

  /** Removes the scratch folders, and ends all connections of servers. */
  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#waysOut.values());
    await Promise.all(
      opened.flatMap((wayOut) => (wayOut.status === "fulfilled" ? [wayOut.value.close()] : [])),
    );
    await Promise.all(this.#folders.map((folder) => rm(folder, { recursive: true, force: true })));
  }
}

/** A private address must also be in the user's own list: a workspace must not open the user's networks. */
const reachable = (listed: readonly string[], ofUser: readonly string[]): AllowedHost[] => {
  const opened = ofUser.map(parseAllowedHost);
  const isOpened = ({ host, port }: AllowedHost): boolean =>
    opened.some((entry) => entry?.host === host && entry.port === port);
  return listed
    .flatMap((line) => parseAllowedHost(line) ?? [])
    .filter((entry) => {
      const isPrivate = entry.host === "localhost" || (isIP(entry.host) !== 0 && isClosedAddress(entry.host));
      return !isPrivate || isOpened(entry);
    });
};

/** Home and temporary folder of a server that sees the machine's own file system. */
const ownFolders = async (place: string): Promise<{ home: string; temporary: string }> => {
  const own = { home: join(place, "home"), temporary: join(place, "temporary") };
  for (const folder of Object.values(own)) await mkdir(folder, { mode: 0o700 });
  return own;
};

/**
 * Where a server's program and scripts are loaded from: their folders, and the whole `node_modules`
 * that a package is installed in.
 */
const programPlaces = ({ command, args }: StdioServer): string[] =>
  [command, ...args]
    .filter((word) => isAbsolute(word) && statSync(word, { throwIfNoEntry: false })?.isFile() === true)
    .flatMap((file) => [file, realpathSync(file)])
    .map((file) => /^.*?\/node_modules(?=\/)/.exec(file)?.[0] ?? dirname(file));

/** What a server outside of the sandbox sees of the environment: enough to find its programs, no key. */
const ownEnvironment = (): Record<string, string> =>
  Object.fromEntries(
    ["PATH", "HOME", "LANG", "TMPDIR", "TEMP", "SystemRoot", "APPDATA", "HTTPS_PROXY", "NO_PROXY"].flatMap(
      (name) => {
        const value = process.env[name];
        return value === undefined ? [] : [[name, value]];
      },
    ),
  );
