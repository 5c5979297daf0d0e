import { statSync } from "node:fs";

/**
 * Whether the path leads to something that this process can see. `existsSync` asks for the real user. In the
 * worker of a container, that is not the user as which it reads and writes files.
 */
export const exists = (path: string): boolean => {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false; // A folder above it is closed, or is a file.
  }
};

/** Whether the path leads to a file that may be run as a program. */
export const isProgram = (path: string): boolean => {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isFile() !== true) return false;
    return process.platform === "win32" || (found.mode & 0o111) !== 0;
  } catch {
    return false;
  }
};
