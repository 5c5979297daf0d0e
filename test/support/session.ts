import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RehearsalScript } from "../../server/rehearsal/script.ts";
import { type ChatRecord, REHEARSAL_MODEL, startRehearsal } from "../../server/rehearsal/server.ts";

const root = join(import.meta.dirname, "..", "..");

/** A whole `coditect run` against a scripted model server in this process. */
export interface Session {
  /** Milliseconds from the start of the process to the first model request. */
  first_request_ms: number;
  requests: readonly ChatRecord[];
  exit_code: number | null;
  /** The highest resident memory of the command and of its workers, in MB; null if not on Linux. */
  peak_memory_mb: { runtime: number; worker: number } | null;
}

/** Runs the built command line on a fresh copy of the sample project. */
export const runSession = async (workflow: string, script: RehearsalScript): Promise<Session> => {
  const server = await startRehearsal([script]);
  const workspace = await mkdtemp(join(tmpdir(), "coditect-bench-"));
  await cp(join(root, "media", "sample"), workspace, { recursive: true });
  const model = ["--provider", "ollama", "--model", REHEARSAL_MODEL, "--endpoint", server.endpoint];
  const args = [
    "run",
    workflow,
    "src/bill.js",
    "--task",
    script.task,
    "--workspace",
    workspace,
    "--json",
    ...model,
  ];
  try {
    const started = performance.now();
    const child = spawn(process.execPath, [join(root, "dist", "cli.js"), ...args], { stdio: "ignore" });
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const memory = watchMemory(child.pid);
    const exitCode = await ended;
    const [first] = server.requests;
    if (first === undefined) throw new Error(`the run ended with exit code ${exitCode} and asked no model`);
    return {
      first_request_ms: first.received_at - started,
      requests: server.requests,
      exit_code: exitCode,
      peak_memory_mb: memory.stop(),
    };
  } finally {
    await server.close();
    await rm(workspace, { recursive: true, force: true });
  }
};

const SAMPLE_MS = 20;

/** Reads the peak memory repeatedly, because the kernel forgets it when the process ends. */
const watchMemory = (pid: number | undefined) => {
  const peak = { runtime: 0, worker: 0 };
  const sample = () => {
    if (pid === undefined) return;
    peak.runtime = Math.max(peak.runtime, peakOf(pid));
    for (const child of childrenOf(pid)) peak.worker = Math.max(peak.worker, peakOf(child));
  };
  const timer = setInterval(sample, SAMPLE_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return process.platform === "linux" ? peak : null;
    },
  };
};

const peakOf = (pid: number): number => {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kilobytes ?? 0) / 1024;
  } catch {
    return 0;
  }
};

/** Descendants of a process that run the worker. A sandbox may be in between. */
const childrenOf = (pid: number): number[] => {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8")
        .split(" ")
        .filter(Boolean)
        .map(Number)
        .flatMap((child) => [child, ...childrenOf(child)])
        .filter((child) => /worker[-.]/.test(readFileSync(`/proc/${child}/cmdline`, "utf8"))),
    );
  } catch {
    return [];
  }
};
