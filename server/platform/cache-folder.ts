import { accessSync, constants, lstatSync, mkdtempSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { absoluteOr, homeFolder } from "./home-folder.ts";
import { makeFolder } from "./make-folder.ts";

/** The operating system's folder for files that programs can make again. */
export const folderOfCaches = (): string => {
  const { LOCALAPPDATA, XDG_CACHE_HOME } = process.env;
  if (process.platform === "win32")
    return absoluteOr(LOCALAPPDATA, () => join(homeFolder(), "AppData", "Local"));
  if (process.platform === "darwin") return join(homeFolder(), "Library", "Caches");
  return absoluteOr(XDG_CACHE_HOME, () => join(homeFolder(), ".cache"));
};

/** Makes the folder; null: it cannot be used. */
const usable = (folder: string): string | null => {
  try {
    makeFolder(folder, 0o700);
    accessSync(folder, constants.W_OK | constants.X_OK);
    return folder;
  } catch {
    return null;
  }
};

/** Our folder among the temporary ones, which another user can neither prepare nor enter. */
const temporary = (): string => {
  const folder = join(tmpdir(), `coditect-agents-cache-${userInfo().uid}`);
  const made = usable(folder);
  const found = made === null ? undefined : lstatSync(folder, { throwIfNoEntry: false });
  const isOurs =
    found?.isDirectory() === true &&
    (process.platform === "win32" || (found.uid === userInfo().uid && (found.mode & 0o077) === 0));
  return isOurs ? folder : mkdtempSync(`${folder}-`);
};

let chosen: { wanted: string; folder: string } | null = null;

/**
 * Where the product keeps what it can make again, such as private copies: the operating system's
 * folder for it, outside every workspace, so that no test runner or search of the user's finds it.
 * Where that cannot be written, as in some containers, a folder among the temporary ones.
 */
export const cacheFolder = (): string => {
  const wanted = join(folderOfCaches(), "coditect-agents");
  if (chosen?.wanted !== wanted) chosen = { wanted, folder: usable(wanted) ?? temporary() };
  return chosen.folder;
};
