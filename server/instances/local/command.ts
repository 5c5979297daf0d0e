import { dirname, join } from "node:path";
import type { WorkerEntry } from "../../installation.ts";
import type { WorkerSpec } from "../driver.ts";
import { egressEnvironment } from "../egress/environment.ts";
import { programFolders } from "../program.ts";
import { workerEnvironment } from "./environment.ts";
import { bubblewrapArguments, toolchainPaths } from "./sandbox.ts";
import type { Sandbox } from "./sandbox.ts";

/** The machine a command is made for; handed in so that commands are tested without it. */
export interface LocalMachine {
  sandbox: Sandbox;
  environment: Readonly<Record<string, string | undefined>>;
  home: string;
  /** `prlimit` of util-linux is there. */
  hasPrlimit: boolean;
}

export interface LocalCommand {
  program: string;
  args: string[];
  environment: Record<string, string>;
  workingFolder: string;
}

const TEMPORARY_MB = 512;
const SANDBOX_HOME = "/tmp/home";

/** Private memory a Node process has mapped before it does anything; little of it is ever touched. */
const NODE_RESERVES_MB = 768;

/**
 * Kernel limits each process of the instance has for itself; the sum of the tree is watched.
 * Private memory instead of address space, of which Node reserves far more than it uses.
 */
const prlimitArguments = (spec: WorkerSpec): string[] => [
  `--data=${(spec.limits.memory_mb + NODE_RESERVES_MB) * 1024 ** 2}`,
  `--nproc=${spec.limits.processes}`,
  `--fsize=${spec.limits.disk_mb * 1024 ** 2}`,
  "--core=0",
];

/** The command of a worker, confined if the machine can. Plain data: nothing is started here. */
export const localCommand = (
  spec: WorkerSpec,
  entry: WorkerEntry,
  machine: LocalMachine,
  extraEnvironment: readonly string[],
): LocalCommand => {
  const confined = "program" in machine.sandbox;
  const own = {
    home: confined ? SANDBOX_HOME : join(dirname(spec.copy), "home"),
    temporary: confined ? "/tmp" : join(dirname(spec.copy), "temporary"),
  };
  const environment: Record<string, string> = {
    ...workerEnvironment(machine.environment, extraEnvironment, own),
    // Says that whatever the worker starts ends with it, without its own doing.
    ...(confined && { CODITECT_CONFINED: "1" }),
    // Unconfined there is nothing to be let out of; two workers would fight over the port.
    ...(confined && egressEnvironment(spec.egress_socket)),
  };
  const script = typeof entry.snapshot === "string" ? ["--snapshot-blob", entry.snapshot] : entry.args;
  const node = [entry.command, ...script];
  const limited = confined && machine.hasPrlimit ? ["prlimit", ...prlimitArguments(spec), ...node] : node;
  const sandboxed =
    "program" in machine.sandbox
      ? [
          machine.sandbox.program,
          ...bubblewrapArguments(
            {
              readable: [
                ...toolchainPaths(machine.home, environment.PATH ?? ""),
                dirname(entry.command),
                ...programFolders(entry),
                ...spec.readable,
              ],
              writable: spec.copy,
              hidden: spec.hidden,
              socket: spec.egress_socket,
              home: SANDBOX_HOME,
              temporary_mb: TEMPORARY_MB,
            },
            machine.sandbox.options,
          ),
          ...limited,
        ]
      : limited;
  const [program = entry.command, ...args] = sandboxed;
  return { program, args, environment, workingFolder: spec.copy };
};
