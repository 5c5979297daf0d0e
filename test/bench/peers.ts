import { createRequire } from "node:module";
import { join } from "node:path";
import { runNpm } from "../../scripts/machine/npm.ts";
import { say } from "../../scripts/machine/step.ts";

const manifest = join(import.meta.dirname, "package.json");

/** The groups of benchmarks that use these tools. */
export const comparedGroups: ReadonlySet<string> = new Set(["proof", "scale", "store", "teams", "turn"]);

/** Loads the tools for comparison. They are installed next to this file, only where benchmarks run. */
export const peers = createRequire(manifest);

/** Whether this tool is installed. */
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
    // The newest tool. A folder that was installed before it was added is updated.
    peers.resolve("fastify/package.json");
    // npm installs the native part of this tool last, so if it exists, all tools are installed.
    peers("better-sqlite3");
    return true;
  } catch {
    return false;
  }
};

/** Installs the tools once. Without them, the benchmarks measure but do not compare. */
export const installPeers = async (): Promise<void> => {
  if (hasPeers()) return;
  try {
    await runNpm("Installing what the benchmarks compare with, once", import.meta.dirname, "ci");
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    say("The benchmarks go on without their peers; nothing is compared with those.");
  }
};
