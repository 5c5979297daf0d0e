import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { WorkerEntry } from "../../platform/installation.ts";

/** Folders that a worker's script is loaded from: its package and the target of a linked node_modules. */
export const programFolders = (entry: WorkerEntry): string[] => {
  const script = entry.args.at(-1) ?? entry.command;
  let folder = dirname(script);
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  const root = dirname(folder) === folder ? dirname(script) : folder;
  const modules = join(root, "node_modules");
  return [root, ...(existsSync(modules) ? [realpathSync(modules)] : [])];
};
