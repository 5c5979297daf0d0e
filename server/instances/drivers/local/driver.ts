import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { constants, homedir, setPriority } from "node:os";
import { basename, dirname } from "node:path";
import type { Readable, Writable } from "node:stream";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { fail } from "../../../../schemas/errors.ts";
import type { Settings } from "../../../../schemas/settings.ts";
import { SerialQueue } from "../../../../schemas/serial-queue.ts";
import { findProgram } from "../../../workspace/find-program.ts";
import type { WorkerEntry } from "../../../platform/installation.ts";
import type { Driver, RunningWorker, WorkerEnd, WorkerSpec, WorkerUsage } from "../driver.ts";
import { endOf } from "../end.ts";
import { enterGroup, makeControlGroup, removeEmptyGroups } from "./cgroup.ts";
import type { ControlGroup } from "./cgroup.ts";
import { hostsFile, localCommand } from "./command.ts";
import type { LocalMachine } from "./command.ts";
import { isRunning, processesOf, processTable, treeOf, usageOf } from "../process-table.ts";
import { probeSandbox, type Sandbox, sandboxName } from "./confinement.ts";
import { COPY_FOLDER, sandboxHosts } from "./bubblewrap.ts";

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const KEPT_LOG = 8 * 1024;
const KILL_GRACE_MS = 2000;
const SANDBOX_EXIT_MS = 250;
const LAST_WORDS_MS = 200;

const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch {
    // The process has already ended, as intended.
  }
};

/** Sends a signal to a process and all its descendants. Returns their IDs. */
const signalTree = async (root: number, signal: NodeJS.Signals): Promise<number[]> => {
  const pids = treeOf(await processTable(0), root).map((entry) => entry.pid);
  for (const pid of pids.toReversed()) send(pid, signal);
  return pids;
};

const hasExited = (child: Child): boolean => child.exitCode !== null || child.signalCode !== null;

/** Resolves when the process has ended or the time is up. */
const exitOrTimeout = async (child: Child, milliseconds: number): Promise<void> => {
  if (hasExited(child)) return;
  const timer = new AbortController();
  const exited = new Promise((resolve) => child.once("exit", resolve));
  await Promise.race([exited, sleep(milliseconds, null, { signal: timer.signal }).catch(() => null)]);
  timer.abort();
};

/**
 * Ends a worker and everything that it started, and waits until none of it runs. A sandbox ends after the
 * processes in it have ended. If it were killed before, the machine's init would have to reap its first
 * process.
 */
const killTree = async (child: Child, root: number, group: ControlGroup | null): Promise<void> => {
  const tree = treeOf(await processTable(0), root).map((entry) => entry.pid);
  const pids = [...new Set([...tree, ...(group?.pids() ?? [])])];
  // Parents come first: when the first process of a sandbox ends, the kernel ends all others in it.
  for (const pid of pids.slice(1)) send(pid, "SIGKILL");
  if (pids.length > 1) await exitOrTimeout(child, SANDBOX_EXIT_MS);
  // The process group also contains what was started while the table was read.
  if (process.platform !== "win32") send(-root, "SIGKILL");
  child.kill("SIGKILL");
  await exitOrTimeout(child, KILL_GRACE_MS);
  const deadline = performance.now() + KILL_GRACE_MS;
  while (performance.now() < deadline && pids.some(isRunning)) await sleep(5);
};

class LocalWorker implements RunningWorker {
  readonly runtimeId: string;
  readonly input: Writable;
  readonly output: Readable;
  readonly region = "local";
  readonly paths: { source: string; copy: string };
  readonly environment: Record<string, string>;
  readonly details: RunningWorker["details"];
  readonly unconfinedReason: string | null;
  readonly remote = null;
  readonly ended: Promise<WorkerEnd>;
  readonly #child: Child;
  readonly #pid: number;
  readonly #group: ControlGroup | null;
  #reason: WorkerEnd | null = null;
  #last: WorkerUsage = { cpu_seconds: 0, memory_mb: 0, processes: 0 };

  constructor(
    child: Child,
    pid: number,
    spec: WorkerSpec,
    environment: Record<string, string>,
    sandbox: Sandbox,
    group: ControlGroup | null,
  ) {
    this.#group = group;
    this.#child = child;
    this.#pid = pid;
    this.runtimeId = String(pid);
    this.input = child.stdin;
    this.output = child.stdout;
    this.paths = { source: spec.workspace, copy: "program" in sandbox ? COPY_FOLDER : spec.copy };
    this.environment = environment;
    this.unconfinedReason = "unavailable" in sandbox ? sandbox.unavailable : null;
    this.details = {
      sandbox: sandboxName(sandbox),
      caps: group === null ? "memory and processes watched, processors by low priority" : "control group",
    };
    let lastWords = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      lastWords = (lastWords + text).slice(-KEPT_LOG);
    });
    const exited = new Promise((resolve) => child.once("exit", resolve));
    const closed = new Promise((resolve) => child.once("close", resolve));
    this.ended = exited.then(async () => {
      // Its last output is still in the pipe, which a process that it left behind may keep open forever.
      await Promise.race([closed, sleep(LAST_WORDS_MS)]);
      const end = endOf(child.exitCode, child.signalCode, lastWords);
      const bySystem = end.how === "signal SIGKILL" && (group?.memoryKills() ?? 0) > 0;
      await killTree(child, pid, group);
      await group?.remove();
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      return this.#reason ?? (bySystem ? { kind: "out_of_memory", how: "out of memory" } : end);
    });
  }

  async usage(maxAge = 200): Promise<WorkerUsage> {
    const tree =
      this.#group === null ? treeOf(await processTable(maxAge), this.#pid) : processesOf(this.#group.pids());
    if (tree.length === 0) return { ...this.#last, memory_mb: 0, processes: 0 };
    const usage = usageOf(tree);
    // If a child ends and nobody waits for it, its processor time disappears from the sum. It counts anyway.
    this.#last = { ...usage, cpu_seconds: Math.max(usage.cpu_seconds, this.#last.cpu_seconds) };
    return this.#last;
  }

  async pause(): Promise<void> {
    await signalTree(this.#pid, "SIGSTOP");
  }

  async resume(): Promise<void> {
    await signalTree(this.#pid, "SIGCONT");
  }

  async kill(reason: WorkerEnd): Promise<WorkerEnd> {
    this.#reason ??= reason;
    await killTree(this.#child, this.#pid, this.#group);
    return this.ended;
  }
}

/** If nothing caps its processors, the worker gets only what the editor leaves. Its children inherit this. */
const lowerPriority = (pid: number): void => {
  const nice = constants.priority.PRIORITY_BELOW_NORMAL;
  try {
    setPriority(pid, nice);
    // Linux can weigh sessions instead of processes, and the worker has its own session.
    writeFileSync(`/proc/${pid}/autogroup`, String(nice));
  } catch {
    // The worker has ended, which is reported elsewhere, or the system does not weigh sessions.
  }
};

export interface LocalDriverOptions {
  entry: WorkerEntry;
  /** Names of further variables of the environment a worker may see. */
  environment: readonly string[];
  /**
   * Whether workers may run unconfined if the system has no sandbox for them. `ask` means not before the user
   * has consented; after that, the function returns another value.
   */
  unconfined: () => Settings["unconfined"];
  /** Replaces the sandbox of the machine. `false` uses none, even if the machine has one. */
  sandbox?: Sandbox | false;
}

/** Instances as processes of this machine, each the leader of its own group. */
export const createLocalDriver = (options: LocalDriverOptions): Driver => {
  const findMachine = async (): Promise<LocalMachine> => ({
    sandbox:
      options.sandbox === false
        ? { unavailable: "it is switched off" }
        : (options.sandbox ?? (await probeSandbox())),
    environment: process.env,
    home: homedir(),
    prlimit: process.platform === "linux" ? findProgram("prlimit") : null,
    setpriv: process.platform === "linux" ? findProgram("setpriv") : null,
  });
  // This starts at once, so that the first instance does not have to wait for it.
  const machine = findMachine();

  const admit = (sandbox: Sandbox): void => {
    const answer = options.unconfined();
    if (!("unavailable" in sandbox) || answer === "allow") return;
    throw fail(answer === "ask" ? "consent_needed" : "sandbox_unavailable", { reason: sandbox.unavailable });
  };

  // Starting a process blocks the event loop for milliseconds, so only one starts per turn.
  const starts = new SerialQueue();

  return {
    runtime: "Local",
    admit: async () => {
      // If running unconfined is allowed, there is no need to wait for the sandbox.
      if (options.unconfined() !== "allow") admit((await machine).sandbox);
    },
    start: async (spec, signal) => {
      const found = await machine;
      await starts.run(() => nextTurn());
      if (signal.aborted) throw fail("cancelled", { what: "Starting the instance" });
      admit(found.sandbox);
      const command = localCommand(spec, options.entry, found, options.environment);
      for (const name of ["HOME", "TMPDIR"]) {
        const folder = command.environment[name];
        if (folder?.startsWith(dirname(spec.copy)) === true) await mkdir(folder, { recursive: true });
      }
      if ("program" in found.sandbox) {
        await writeFile(hostsFile(spec.copy), sandboxHosts(existsSync("/proc/net/if_inet6")));
      }
      const group = makeControlGroup(spec.instance_id, spec.limits);
      const line = [command.program, ...command.args];
      const [program = command.program, ...args] = group === null ? line : enterGroup(group, line);
      const child = spawn(program, args, {
        cwd: command.workingFolder,
        env: command.environment,
        stdio: ["pipe", "pipe", "pipe"],
        detached: process.platform !== "win32",
        windowsHide: true,
      });
      const problem = await new Promise<Error | null>((resolve) => {
        child.once("spawn", () => {
          resolve(null);
        });
        child.on("error", resolve);
      });
      if (problem !== null || child.pid === undefined) {
        await group?.remove();
        const reason = `${basename(command.program)} cannot be run`;
        throw fail("instance_not_started", { reason }, { cause: problem });
      }
      if (group === null) lowerPriority(child.pid);
      return new LocalWorker(child, child.pid, spec, command.environment, found.sandbox, group);
    },
    // No process is left to find: a worker ends when its input closes, and its sandbox ends with it.
    removeOrphans: () => Promise.resolve(removeEmptyGroups()),
  };
};
