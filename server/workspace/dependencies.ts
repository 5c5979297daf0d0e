import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join, sep } from "node:path";
import { isWithin } from "./paths.ts";
import { exists } from "./file-access.ts";

/** Folders of the user in which package managers keep the packages that they link to. */
const stores = [
  ".pnpm-store",
  ".local/share/pnpm",
  "Library/pnpm",
  "AppData/Local/pnpm",
  ".yarn/berry",
  ".bun/install",
  ".cache/deno",
  ".cache/uv",
  ".cache/pypoetry/virtualenvs",
  ".local/share/virtualenvs",
  ".local/share/hatch/env",
  ".virtualenvs",
  ".pyenv/versions",
];

/**
 * The real place of a folder of dependencies at `path`, an absolute path, or null for a link to what is
 * none: `node_modules -> /home/me` would open everything there to tools and tests. A link may lead to
 * another place in the workspace, to a folder that is a `node_modules` itself, to a virtual
 * environment, or into a package manager's store.
 */
export const dependencyPlace = (workspace: string, path: string): string | null => {
  let real: string;
  let root: string;
  try {
    real = realpathSync.native(path);
    root = realpathSync.native(workspace);
  } catch {
    return null;
  }
  if (real !== root && isWithin(root, real)) return real;
  // The workspace and the folders around it contain much more than dependencies.
  if (isWithin(real, root)) return null;
  const inStore = stores.some((store) => {
    const folder = join(homedir(), store);
    return exists(folder) && isWithin(realpathSync.native(folder), real);
  });
  const isModules = real.split(sep).includes("node_modules") || basename(real) === "bower_components";
  return isModules || inStore || isEnvironmentFolder(real) ? real : null;
};

/** Whether a folder has what makes it a virtual environment: its mark and an interpreter. */
const isEnvironmentFolder = (folder: string): boolean => {
  const programs = ["bin/python", "bin/python3", "Scripts/python.exe"];
  return (
    folder !== homedir() &&
    exists(join(folder, "pyvenv.cfg")) &&
    programs.some((program) => exists(join(folder, program)))
  );
};
