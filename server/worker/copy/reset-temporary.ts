import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isWithin } from "../../workspace/paths.ts";
import type { PrivateCopy } from "./copy.ts";

/** The home folder of an instance that has its own file system: see the drivers. */
const OWN_HOME = "/tmp/home";

/** Whether the temporary files around us are this instance's alone. */
const isConfined = (): boolean => process.env.CODITECT_CONFINED === "1" && process.env.HOME === OWN_HOME;

/**
 * Ends what commands have left behind, and takes away what they wrote outside of the copy: programs
 * read their settings and caches from home and temporary folders, so one command could decide what
 * the next one shows. Only in a sandbox or container, where all of it is the instance's own.
 */
export const resetTemporary = (copy: PrivateCopy): void => {
  if (!isConfined()) return;
  if (process.env.CODITECT_SHIELDED === "1") endLeftProcesses();
  const { CODITECT_EGRESS: socket } = process.env;
  const kept = [OWN_HOME, copy.root, copy.source, process.execPath, ...copy.dependencies];
  if (socket !== undefined) kept.push(socket);
  for (const folder of [OWN_HOME, "/tmp", "/dev/shm"]) empty(folder, kept);
};

/**
 * All but ourselves and the first process of our namespace, which the kernel leaves out. A container has
 * processes of ours beside the worker, and is left alone.
 */
const endLeftProcesses = (): void => {
  try {
    process.kill(-1, "SIGKILL");
  } catch {
    // Nothing is left.
  }
};

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
