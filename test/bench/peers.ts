import { createRequire } from "node:module";
import { join } from "node:path";
import { runNpm } from "../../scripts/machine/npm.ts";
import { say } from "../../scripts/machine/step.ts";

const manifest = join(import.meta.dirname, "package.json");

/** The groups that compare with them. */
export const comparedGroups: ReadonlySet<string> = new Set(["proof", "scale", "store", "teams", "turn"]);

/** Loads what the benchmarks compare with; it is installed beside this file, only where they are run. */
export const peers = createRequire(manifest);

/** Whether this one of them is installed. */
export const hasPeer = (name: string): boolean => {
  try {
    peers.resolve(name);
    return true;
  } catch {
    return false;
  }
};

export const hasPeers = (): boolean => {
  try {
    // The youngest of them: a folder that was installed before it is brought up to date.
    peers.resolve("fastify/package.json");
    // The last of them to be installed: its native part is there once everything is.
    peers("better-sqlite3");
    return true;
  } catch {
    return false;
  }
};

/** Installs the peers once. Without them the benchmarks still measure, and compare with nothing. */
export const installPeers = async (): Promise<void> => {
  if (hasPeers()) return;
  try {
    await runNpm("Installing what the benchmarks compare with, once", import.meta.dirname, "ci");
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    say("The benchmarks go on without their peers; nothing is compared with those.");
  }
};
