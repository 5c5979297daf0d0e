import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { WorkerEntry } from "../../../platform/installation.ts";
import type { WorkerSpec } from "../driver.ts";
import { egressEnvironment, loopbackEnvironment } from "../egress/environment.ts";
import { asFirstProcess } from "../first-process.ts";
import { programFolders } from "../program.ts";
import { workerEnvironment } from "./environment.ts";
import { bubblewrapArguments, toolchainCaches, toolchainPaths } from "./bubblewrap.ts";
import { seatbeltParameters } from "./seatbelt.ts";
import type { Sandbox } from "./confinement.ts";
import { inOwnNamespaces, type Shield, withoutRights } from "./shield.ts";

/** The machine that a command is made for. It is a parameter, so that tests do not need such a machine. */
export interface LocalMachine {
  sandbox: Sandbox;
  environment: Readonly<Record<string, string | undefined>>;
  home: string;
  /** The path of `prlimit` of util-linux; null if it is not installed. */
  prlimit: string | null;
  /** The path of `setpriv` of util-linux; null if it is not installed. */
  setpriv: string | null;
}

export interface LocalCommand {
  program: string;
  args: string[];
  environment: Record<string, string>;
  workingFolder: string;
}

const TEMPORARY_MB = 512;
const SANDBOX_HOME = "/tmp/home";

/** File next to the private copy that is the sandbox's /etc/hosts. */
export const hostsFile = (copy: string): string => join(dirname(copy), "hosts");

/**
 * Kernel limits for each process of the instance. They do not include memory: the kernel can only cap what a
 * process reserves, and Node reserves 500 MB for each of its threads. The control group, or the watch over
 * the process tree, caps resident memory. The kernel counts processes per user, which is the instance alone
 * only in a sandbox.
 */
const prlimitArguments = ({ limits }: WorkerSpec, confined: boolean): string[] => [
  ...(confined ? [`--nproc=${limits.processes}`] : []),
  `--fsize=${limits.disk_mb * 1024 ** 2}`,
  "--core=0",
];

/** Variables for version managers, which otherwise search the home folder. It differs in the sandbox. */
const toolchainRoots = (home: string): Record<string, string> => {
  const roots = { PYENV_ROOT: ".pyenv", RUSTUP_HOME: ".rustup", VOLTA_HOME: ".volta", NVM_DIR: ".nvm" };
  const found = Object.entries(roots).filter(([, folder]) => existsSync(join(home, folder)));
  return Object.fromEntries(found.map(([name, folder]) => [name, join(home, folder)]));
};

/** The worker's own command, with the limits that the kernel enforces for each process. */
const nodeCommand = (spec: WorkerSpec, entry: WorkerEntry, machine: LocalMachine): string[] => {
  const script = typeof entry.snapshot === "string" ? ["--snapshot-blob", entry.snapshot] : entry.args;
  const node = [entry.command, ...debuggerOff(), ...script];
  const limits = prlimitArguments(spec, "program" in machine.sandbox);
  return machine.prlimit === null ? node : [machine.prlimit, ...limits, ...node];
};

/** Keeps signals from opening Node's debugger. If Node does not have the option, the worker does it. */
const debuggerOff = (): string[] => {
  const option = "--disable-sigusr1";
  return process.allowedNodeEnvironmentFlags.has(option) ? [option] : [];
};

/** The best way on this machine to keep commands from their worker, and the words before each command. */
const shieldOf = ({ sandbox, setpriv }: LocalMachine): { shield: Shield; before: string[] } => {
  if (!("program" in sandbox)) return { shield: "none", before: [] };
  if (sandbox.nests)
    return {
      shield: "namespaces",
      before: inOwnNamespaces(sandbox.program, sandbox.options.isRoot),
    };
  return setpriv === null
    ? { shield: "none", before: [] }
    : { shield: "rights", before: withoutRights(setpriv) };
};

/** The command of a worker, confined if the machine can confine it. Plain data: this starts nothing. */
export const localCommand = (
  spec: WorkerSpec,
  entry: WorkerEntry,
  machine: LocalMachine,
  extraEnvironment: readonly string[],
): LocalCommand => {
  const { sandbox } = machine;
  const hasNamespaces = "program" in sandbox;
  const { shield, before } = shieldOf(machine);
  const own = {
    home: hasNamespaces ? SANDBOX_HOME : join(dirname(spec.copy), "home"),
    temporary: hasNamespaces ? "/tmp" : join(dirname(spec.copy), "temporary"),
  };
  const environment: Record<string, string> = {
    ...toolchainRoots(machine.home),
    ...workerEnvironment(machine.environment, extraEnvironment, own),
    // Says that everything that the worker starts ends with the worker by itself.
    ...(hasNamespaces && { CODITECT_CONFINED: "1" }),
    // The words that the worker puts before each command that it starts.
    ...(before.length > 0 && { CODITECT_SHIELD: before.join(" ") }),
    // Without its own loopback, the worker cannot listen: two workers would need the same port.
    ...(hasNamespaces
      ? egressEnvironment(spec.egress_socket, spec.egress_on_request)
      : loopbackEnvironment(spec.egress_loopback, spec.egress_on_request)),
  };
  const node = nodeCommand(spec, entry, machine);
  const readable = [
    ...toolchainPaths(machine.home, environment.PATH ?? ""),
    dirname(entry.command),
    ...programFolders(entry),
    ...spec.readable,
  ];
  const made = (words: readonly string[]): LocalCommand => {
    const [program = entry.command, ...args] = words;
    return { program, args, environment, workingFolder: spec.copy };
  };
  if ("wrap" in sandbox) {
    const writable = [spec.copy, own.home, own.temporary];
    const proxyPort = spec.egress_loopback?.port ?? null;
    const confinement = { readable, writable, hidden: spec.hidden, proxyPort };
    return made(["/bin/sh", "-c", sandbox.wrap(seatbeltParameters(confinement, environment, node))]);
  }
  if (!hasNamespaces) return made(node);
  const confinement = {
    readable,
    writable: spec.copy,
    caches: toolchainCaches(machine.home),
    userHome: machine.home,
    hidden: spec.hidden,
    socket: spec.egress_socket,
    hosts: hostsFile(spec.copy),
    home: SANDBOX_HOME,
    temporary_mb: TEMPORARY_MB,
    shield,
  };
  const inside = shield === "rights" ? asFirstProcess(node) : node;
  return made([sandbox.program, ...bubblewrapArguments(confinement, sandbox.options), ...inside]);
};
