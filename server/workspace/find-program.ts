import { delimiter, isAbsolute, join, resolve } from "node:path";
import { isProgram } from "./file-access.ts";
import { isWithin } from "./paths.ts";

/** Folders of PATH that a package manager adds for a project's own programs. */
const ofProject = /[\\/]node_modules[\\/]\.bin[\\/]?$/;

/**
 * The absolute path of a program that the user installed; null if there is none. It is never a program from a
 * repository: not from a relative folder of PATH, a project's own programs or the folder `workspace`, and on
 * Windows not from the working folder, which the system itself searches first.
 */
export const findProgram = (
  name: string,
  workspace: string | null = null,
  path = process.env.PATH ?? "",
): string | null => {
  const file = process.platform === "win32" ? `${name}.exe` : name;
  const isTheirs = (folder: string): boolean =>
    isAbsolute(folder) && !ofProject.test(folder) && (workspace === null || !isWithin(workspace, folder));
  return (
    path
      .split(delimiter)
      .filter(isTheirs)
      .map((folder) => join(folder, file))
      .find(isProgram) ?? null
  );
};

/** The same. If it is not installed, a path that does not exist, so that starting it fails as usual. */
export const programPath = (name: string, workspace: string | null = null): string =>
  findProgram(name, workspace) ?? resolve("/not-installed", name);
