import { homedir } from "node:os";
import { join } from "node:path";

/** Where the operating system wants what programs can make again. */
export const folderOfCaches = (): string => {
  const { LOCALAPPDATA, XDG_CACHE_HOME } = process.env;
  if (process.platform === "win32") return LOCALAPPDATA ?? join(homedir(), "AppData", "Local");
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches");
  return XDG_CACHE_HOME ?? join(homedir(), ".cache");
};

/**
 * Where the product keeps what it can make again, such as private copies: the operating system's
 * folder for it, outside every workspace, so that no test runner or search of the user's finds it.
 */
export const cacheFolder = (): string => join(folderOfCaches(), "coditect-agents");
