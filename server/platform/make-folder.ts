import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder that a user named, and those above it. Node's own recursive `mkdir` never ends below a
 * folder that takes no entries, such as `/proc`. Errors: those of `mkdir`.
 */
export const makeFolder = (folder: string, mode = 0o777): void => {
  const parent = dirname(folder);
  if (parent !== folder && !existsSync(parent)) makeFolder(parent, mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Another process may have made it meanwhile.
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
};
