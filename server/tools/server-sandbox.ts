import { existsSync, realpathSync, statSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { fail } from "../../schemas/errors.ts";
import type { McpServerConfig } from "../../schemas/mcp.ts";
import type { Settings } from "../../schemas/settings.ts";
import { sandboxHosts } from "../instances/drivers/local/bubblewrap.ts";
import { hostsFile, localCommand } from "../instances/drivers/local/command.ts";
import { probeSandbox } from "../instances/drivers/local/confinement.ts";
import { createHiddenFinder } from "../instances/drivers/hidden.ts";

type StdioServer = Extract<McpServerConfig, { command: string }>;

/** How a server is started. */
export interface ServerCommand {
  command: string;
  args: string[];
  env: Record<string, string>;
  folder: string;
}

const MEMORY_MB = 1024;

/** Commands of MCP servers on this machine, confined as instances are: no network, nothing to write. */
export class ServerSandbox {
  readonly #workspace: string;
  readonly #cacheFolder: string;
  readonly #unconfined: () => Settings["unconfined"];
  readonly #hidden = createHiddenFinder();
  readonly #folders: string[] = [];

  constructor(workspace: string, cacheFolder: string, unconfined: () => Settings["unconfined"]) {
    this.#workspace = workspace;
    this.#cacheFolder = cacheFolder;
    this.#unconfined = unconfined;
  }

  /**
   * The confined command of a server. It sees the workspace without its secrets, and a scratch folder
   * of its own. Errors: `sandbox_unavailable` where nothing confines it and the user did not allow that.
   */
  async command(server: StdioServer, variables: Record<string, string>): Promise<ServerCommand> {
    const sandbox = server.sandbox === "none" ? null : await probeSandbox();
    if (sandbox !== null && "unavailable" in sandbox && this.#unconfined() !== "allow")
      throw fail("sandbox_unavailable", { reason: sandbox.unavailable });
    await mkdir(this.#cacheFolder, { recursive: true, mode: 0o700 });
    const place = await mkdtemp(join(this.#cacheFolder, "server-"));
    this.#folders.push(place);
    const copy = join(place, "scratch");
    await mkdir(copy, { mode: 0o700 });
    if (sandbox === null)
      return {
        command: server.command,
        args: server.args,
        env: { ...ownEnvironment(), ...variables },
        folder: this.#workspace,
      };
    const spec = {
      instance_id: "mcp",
      workspace: this.#workspace,
      readable: [this.#workspace, ...programPlaces(server)],
      copy,
      hidden: await this.#hidden(this.#workspace),
      image: null,
      limits: { memory_mb: MEMORY_MB, cpus: 1, processes: 128, disk_mb: 512 },
      egress_socket: null,
      egress_loopback: null,
    };
    const machine = {
      sandbox,
      environment: process.env,
      home: homedir(),
      hasPrlimit: false,
      hasSetpriv: false,
    };
    const made = localCommand(spec, { command: server.command, args: server.args }, machine, []);
    for (const name of ["HOME", "TMPDIR"]) {
      const folder = made.environment[name];
      if (folder?.startsWith(dirname(copy)) === true) await mkdir(folder, { recursive: true });
    }
    if ("program" in sandbox)
      await writeFile(hostsFile(copy), sandboxHosts(existsSync("/proc/net/if_inet6")));
    return {
      command: made.program,
      args: made.args,
      env: { ...made.environment, ...variables },
      folder: made.workingFolder,
    };
  }

  /** Removes the scratch folders. */
  async close(): Promise<void> {
    await Promise.all(this.#folders.map((folder) => rm(folder, { recursive: true, force: true })));
  }
}

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
