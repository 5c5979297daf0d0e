import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import { programPath } from "../../workspace/find-program.ts";
import type { WorkerUsage } from "./driver.ts";

/** One process of this machine. */
export interface ProcessEntry {
  pid: number;
  parent: number;
  /** Processor seconds of the process and of its children that have ended. */
  cpu_seconds: number;
  memory_bytes: number;
}
export type ProcessTable = ReadonlyMap<number, ProcessEntry>;

/** Clock ticks per second in `/proc`. The number is the same on every Linux. */
const TICKS = 100;
/** The number of processes to read before other work gets a turn. */
const SLICE = 64;

const pageSize = (): number => {
  const AT_PAGESZ = 6n;
  const vector = readFileSync("/proc/self/auxv");
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    if (vector.readBigUInt64LE(at) === AT_PAGESZ) return Number(vector.readBigUInt64LE(at + 8));
  }
  return 4096;
};

/** Parses `/proc/<pid>/stat`. The name in parentheses may itself contain spaces and parentheses. */
export const parseStat = (stat: string, bytesPerPage: number): ProcessEntry | null => {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const number = (index: number): number => Number(fields[index] ?? 0);
  const pid = Number.parseInt(stat, 10);
  if (!Number.isInteger(pid) || fields[0] === "Z") return null;
  const ticks = number(11) + number(12) + number(13) + number(14);
  return {
    pid,
    parent: number(1),
    cpu_seconds: ticks / TICKS,
    memory_bytes: number(21) * bytesPerPage,
  };
};

let bytesPerPage: number | null = null;

/** A process of Linux; null if it has ended. */
const readStat = (pid: number | string): ProcessEntry | null => {
  bytesPerPage ??= pageSize();
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"), bytesPerPage);
  } catch {
    return null;
  }
};

/** Those of the processes that still run. Linux only. */
export const processesOf = (pids: readonly number[]): ProcessEntry[] =>
  pids.flatMap((pid) => readStat(pid) ?? []);

const readLinux = async (): Promise<ProcessTable> => {
  const table = new Map<number, ProcessEntry>();
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  for (const [index, pid] of pids.entries()) {
    if (index % SLICE === SLICE - 1) await setImmediate();
    const entry = readStat(pid);
    if (entry !== null) table.set(entry.pid, entry);
  }
  return table;
};

/** Parses a line of `ps -A -o pid=,ppid=,rss=,time=`. The time is `[[days-]hours:]minutes:seconds`. */
export const parsePs = (line: string): ProcessEntry | null => {
  const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(?:(\d+)-)?([\d:.]+)\s*$/.exec(line);
  if (match === null) return null;
  const [, pid, parent, kilobytes, days, clock] = match;
  const seconds = (clock ?? "").split(":").reduce((total, part) => total * 60 + Number(part), 0);
  return {
    pid: Number(pid),
    parent: Number(parent),
    cpu_seconds: seconds + Number(days ?? 0) * 86_400,
    memory_bytes: Number(kilobytes) * 1024,
  };
};

const readPs = async (): Promise<ProcessTable> => {
  const { stdout } = await promisify(execFile)(programPath("ps"), ["-A", "-o", "pid=,ppid=,rss=,time="], {
    timeout: 5000,
    maxBuffer: 16 * 1024 * 1024,
  });
  const entries = stdout.split("\n").map(parsePs);
  return new Map(entries.flatMap((entry) => (entry === null ? [] : [[entry.pid, entry]])));
};

let inFlight: Promise<void> | null = null;
/** The last table. `since` is when reading it began. */
let newest: { since: number; table: ProcessTable } | null = null;

const read = async (): Promise<void> => {
  const since = performance.now();
  try {
    newest = { since, table: await (process.platform === "linux" ? readLinux() : readPs()) };
  } finally {
    inFlight = null;
  }
};

/**
 * All processes of the machine, at most `maxAge` milliseconds old. Instances that ask at the same time share
 * one table, unless reading it began too early for one of them.
 */
export const processTable = async (maxAge: number): Promise<ProcessTable> => {
  const oldest = performance.now() - maxAge;
  while (newest === null || newest.since < oldest) await (inFlight ??= read());
  return newest.table;
};

/** Whether a process runs. A process that has ended and was not reaped yet does not. */
export const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || readStat(pid) !== null;
  } catch {
    return false;
  }
};

const grouped = new WeakMap<ProcessTable, Map<number, ProcessEntry[]>>();

/** Children by parent. They are computed once per table, even if many instances need them. */
const childrenOf = (table: ProcessTable): Map<number, ProcessEntry[]> => {
  const known = grouped.get(table);
  if (known !== undefined) return known;
  const fresh = Map.groupBy(table.values(), (entry) => entry.parent);
  grouped.set(table, fresh);
  return fresh;
};

/** A process and all its descendants, parents first; empty if it has ended. */
export const treeOf = (table: ProcessTable, root: number): ProcessEntry[] => {
  const first = table.get(root);
  if (first === undefined) return [];
  const children = childrenOf(table);
  const tree = [first];
  for (const entry of tree) tree.push(...(children.get(entry.pid) ?? []));
  return tree;
};

export const usageOf = (tree: readonly ProcessEntry[]): WorkerUsage => ({
  cpu_seconds: tree.reduce((sum, entry) => sum + entry.cpu_seconds, 0),
  memory_mb: Math.round(tree.reduce((sum, entry) => sum + entry.memory_bytes, 0) / 1024 ** 2),
  processes: tree.length,
});
