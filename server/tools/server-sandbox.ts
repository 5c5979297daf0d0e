import { existsSync, realpathSync, statSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { fail } from "../../schemas/errors.ts";
import type { McpServerConfig } from "../../schemas/mcp.ts";
import type { Settings } from "../../schemas/settings.ts";
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
}

/** Commands of MCP servers and hooks on this machine, confined as instances are: no network, nothing to write. */
export class ServerSandbox {
  readonly #options: SandboxOptions;
  readonly #hidden = createHiddenFinder();
  readonly #folders: string[] = [];

  constructor(options: SandboxOptions) {
    this.#options = options;
  }

  /**
   * The confined command of a server. It sees the workspace without its secrets, and a scratch folder
   * of its own. Errors: `sandbox_unavailable` where nothing confines it and the user did not allow that,
   * `server_only` if it asks to leave the sandbox where it may not.
   */
  async command(server: StdioServer, variables: Record<string, string>): Promise<ServerCommand> {
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
    const env = { ...workerEnvironment(process.env, [], own), ...variables };
    const command = [server.command, ...server.args];
    if ("wrap" in sandbox) {
      const writable = [scratch, own.home, own.temporary];
      const confinement = {
        readable: [...toolchainPaths(homedir(), env.PATH ?? ""), ...readable],
        writable,
        hidden,
        proxyPort: null,
      };
      const wrapped = sandbox.wrap(seatbeltParameters(confinement, env, command));
      return { command: "/bin/sh", args: ["-c", wrapped], env, folder: scratch };
    }
    const hosts = hostsFile(scratch);
    await writeFile(hosts, sandboxHosts(existsSync("/proc/net/if_inet6")));
    const confinement = {
      readable: [...toolchainPaths(homedir(), env.PATH ?? ""), ...readable],
      writable: scratch,
      caches: [],
      userHome: homedir(),
      hidden,
      socket: null,
      hosts,
      home: SANDBOX_HOME,
      temporary_mb: 64,
      shield: "none" as const,
    };
    const args = [...bubblewrapArguments(confinement, sandbox.options), ...command];
    return { command: sandbox.program, args, env, folder: scratch };
  }

  /** Removes the scratch folders. */
  async close(): Promise<void> {
    await Promise.all(this.#folders.map((folder) => rm(folder, { recursive: true, force: true })));
  }
}

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
