import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fail } from "../../../schemas/errors.ts";
import { isWithin } from "../../workspace/paths.ts";
import type { PrivateCopy } from "./copy.ts";

/** The home folder of an instance that has its own file system. The drivers set it. */
const OWN_HOME = "/tmp/home";

/** Whether all temporary files here belong to this instance. */
const isConfined = (): boolean => process.env.CODITECT_CONFINED === "1" && process.env.HOME === OWN_HOME;

/**
 * Ends processes that commands left behind, and removes what they wrote outside the copy. Programs read settings and
 * caches from home and temporary folders, so one command could otherwise decide what the next one shows. Does nothing
 * outside of a sandbox or container, where processes and files may belong to others. Errors: `instance_failed`.
 */
export const resetTemporary = async (copy: PrivateCopy): Promise<void> => {
  if (!isConfined()) return;
  await endLeftProcesses(copy.companions);
  const { CODITECT_EGRESS: socket } = process.env;
  const kept = [OWN_HOME, copy.root, copy.source, process.execPath, ...copy.dependencies];
  if (socket !== undefined) kept.push(socket);
  for (const folder of [OWN_HOME, "/tmp", "/dev/shm"]) empty(folder, kept);
};

/** The search for leftovers repeats, because processes may start during a search. */
const MOST_LOOKS_WITH_NEW = 200;
const LOOK_MS = 5;
/** A killed process needs the processor to end. On a busy machine, that takes a while. */
const END_MS = 30_000;

/**
 * Ends all processes except this one, its companions, the first process of the namespace, and processes that were
 * started from outside. Errors: `instance_failed` if programs start faster than they end, or do not end.
 */
const endLeftProcesses = async (companions: ReadonlySet<string>): Promise<void> => {
  const killed = new Set<string>();
  const latest = performance.now() + END_MS;
  for (let withNew = 0; withNew < MOST_LOOKS_WITH_NEW && performance.now() < latest;) {
    const left = leftProcesses(companions);
    if (left.length === 0) return;
    if (left.some(({ name }) => !killed.has(name))) withNew += 1;
    for (const { pid, name } of left) {
      killed.add(name);
      end(pid);
    }
    await setTimeout(LOOK_MS);
  }
  const reason = "processes started by an earlier command could not be stopped";
  throw fail("instance_failed", { method: "workspace/prepare", reason });
};

const end = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
};

const FIRST_PROCESS = 1;
/** The parent ID of processes from outside the namespace, such as the container's guard and its relay. */
const OUTSIDE = 0;
/** The index of a process's start time in its state. */
const START = 19;

const leftProcesses = (companions: ReadonlySet<string>): LiveProcess[] =>
  processes().filter(({ pid, state, parent, name }) => {
    const isOurs = pid === process.pid || pid === FIRST_PROCESS || parent === OUTSIDE;
    return !isOurs && state !== "Z" && !companions.has(name);
  });

/**
 * The processes that exist before the first command runs, by names that no later process gets. In some containers,
 * the programs that watch the worker run next to it.
 */
export const companionsOf = (): ReadonlySet<string> =>
  new Set(isConfined() ? processes().map(({ name }) => name) : []);

interface LiveProcess {
  pid: number;
  state: string;
  parent: number;
  /** Its number and start time. */
  name: string;
}

const processes = (): LiveProcess[] =>
  namesIn("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      // The name of the process is in parentheses, and can contain parentheses and spaces.
      const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.split(" ") ?? [];
      const [state = "", parent = ""] = fields;
      return [{ pid: Number(pid), state, parent: Number(parent), name: `${pid} ${fields[START] ?? ""}` }];
    } catch {
      return [];
    }
  });

const empty = (folder: string, kept: readonly string[]): void => {
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    if (kept.some((each) => isWithin(path, each))) continue;
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // The path is mounted from outside and read-only.
    }
  }
};

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};
