import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { Ended, Order } from "./protocol.ts";

const KEPT_WORDS = 8 * 1024;
/** Folders of an image's programs. Some programs run as their owner, whoever starts them. */
const PROGRAM_FOLDERS = [
  "/bin",
  "/sbin",
  "/usr/bin",
  "/usr/sbin",
  "/usr/lib",
  "/usr/libexec",
  "/usr/local",
  "/opt",
];
const SET_USER_OR_GROUP = 0o6000;

/** How often the kernel ended a process of this container for memory, by either version of control groups. */
const memoryKills = (): number => {
  for (const path of ["/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"]) {
    try {
      return Number(/oom_kill (\d+)/.exec(readFileSync(path, "utf8"))?.[1] ?? 0);
    } catch {
      // The container has the other version.
    }
  }
  return 0;
};

/**
 * Removes from every program of the image the right to run as its owner, so that nobody can become root
 * again.
 */
export const takeRightsAway = (): void => {
  const folders = [...PROGRAM_FOLDERS];
  for (const folder of folders) {
    let entries;
    try {
      if (lstatSync(folder).isSymbolicLink()) continue;
      entries = readdirSync(folder, { withFileTypes: true });
    } catch {
      continue;
    }
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) {
        const { mode } = lstatSync(path);
        if ((mode & SET_USER_OR_GROUP) !== 0) chmodSync(path, mode & 0o777);
      }
    }
  }
};

export const prepare = (
  { folders, owned }: Extract<Order, { prepare: unknown }>["prepare"],
  user: number,
): void => {
  for (const folder of [...folders, ...owned]) mkdirSync(folder, { recursive: true });
  for (const folder of owned) chownSync(folder, user, user);
};

/** Starts a program; `onEnd` is called once, even if it cannot be started. */
export const runProgram = (
  { channel, command, environment, folder, user }: Extract<Order, { run: unknown }>["run"],
  streams: Duplex,
  onEnd: (ended: Ended) => void,
): ChildProcess => {
  const killsBefore = memoryKills();
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    cwd: folder,
    env: environment,
    stdio: "pipe",
    ...(user !== null && { uid: user, gid: user }),
  });
  let words = "";
  child.stdin.on("error", () => undefined);
  streams.pipe(child.stdin);
  child.stdout.pipe(streams);
  child.stderr.on("data", (chunk: Buffer) => {
    words = (words + chunk.toString("utf8")).slice(-KEPT_WORDS);
  });
  let isTold = false;
  const tell = (code: number | null, signal: string | null): void => {
    if (isTold) return;
    isTold = true;
    const out_of_memory = memoryKills() > killsBefore;
    onEnd({ ended: { channel, code, signal, out_of_memory, words } });
  };
  child.once("error", (error) => {
    words += error.message;
    tell(127, null);
  });
  child.once("close", tell);
  return child;
};
