import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fail } from "../../../schemas/errors.ts";
import { isWithin } from "../../workspace/paths.ts";
import type { PrivateCopy } from "./copy.ts";

/** The home folder of an instance that has its own file system: see the drivers. */
const OWN_HOME = "/tmp/home";

/** Whether the temporary files around us belong to this instance alone. */
const isConfined = (): boolean => process.env.CODITECT_CONFINED === "1" && process.env.HOME === OWN_HOME;

/**
 * Ends processes that commands left behind, and removes what they wrote outside of the copy: programs
 * read their settings and caches from home and temporary folders, so one command could decide what the
 * next one shows. Only in a sandbox or container, where everything is the instance's own. Errors:
 * `instance_failed`.
 */
export const resetTemporary = async (copy: PrivateCopy): Promise<void> => {
  if (!isConfined()) return;
  await endLeftProcesses(copy.companions);
  const { CODITECT_EGRESS: socket } = process.env;
  const kept = [OWN_HOME, copy.root, copy.source, process.execPath, ...copy.dependencies];
  if (socket !== undefined) kept.push(socket);
  for (const folder of [OWN_HOME, "/tmp", "/dev/shm"]) empty(folder, kept);
};

/** Looks for leftovers repeatedly: each look may find what was started during the one before. */
const MOST_LOOKS = 200;
const LOOK_MS = 5;

/**
 * Ends everything but ourselves, our companions, the first process of our namespace, and processes that
 * were started from outside of it.
 * Errors: `instance_failed` if programs start faster than they end.
 */
const endLeftProcesses = async (companions: ReadonlySet<string>): Promise<void> => {
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    const left = leftProcesses(companions);
    if (left.length === 0) return;
    for (const pid of left) end(pid);
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
/**
 * The parent of processes from outside of the namespace: the container's guard, and its relay for the
 * network.
 */
const OUTSIDE = 0;
/** When a process started, read from its state. */
const START = 19;

const leftProcesses = (companions: ReadonlySet<string>): number[] =>
  processes()
    .filter(({ pid, state, parent, name }) => {
      const isOurs = pid === process.pid || pid === FIRST_PROCESS || parent === OUTSIDE;
      return !isOurs && state !== "Z" && !companions.has(name);
    })
    .map(({ pid }) => pid);

/**
 * Processes that exist before the first command runs, by names that no later process gets: where a
 * container has no outside, the programs that watch the worker run next to it.
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
      // Its name is in parentheses, and can hold any of them.
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
      // Shown from outside, and read-only.
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
