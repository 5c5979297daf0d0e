import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { absoluteOr, homeFolder } from "./home-folder.ts";
import { fail } from "../../schemas/errors.ts";
import { closeFolder } from "./closed-folder.ts";

/** The operating system's folder for what a user has set up. */
const configurationFolder = (environment: NodeJS.ProcessEnv, home: string): string => {
  if (process.platform === "win32")
    return absoluteOr(environment.APPDATA, () => join(home, "AppData", "Roaming"));
  if (process.platform === "darwin") return join(home, "Library", "Application Support");
  return absoluteOr(environment.XDG_CONFIG_HOME, () => join(home, ".config"));
};

/** What belongs to the user and to no workspace: keys, consents, where running runtimes are reached. */
export const userFolder = (
  environment: NodeJS.ProcessEnv = process.env,
  home: string = homeFolder(),
): string => join(configurationFolder(environment, home), "coditect-agents");

const temporaryUserFolder = (): string => join(tmpdir(), `coditect-agents-${userInfo().uid}`);

/**
 * Makes a folder that only this user can enter, or checks that an existing one is such a folder.
 * Wider access is taken away. Error: `folder_not_private` for a link, or a folder of another user.
 */
export const privateFolder = (folder: string): string => {
  const reason = closeFolder(folder);
  if (reason !== null) throw fail("folder_not_private", { path: folder, reason });
  return folder;
};

/**
 * The bytes of a file in a private folder. The folder may have been open to others before it was closed:
 * what one of them could write is not read. Errors: `folder_not_private`, and those of `open`.
 */
export const readPrivate = (path: string): Buffer => {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    const { uid, mode } = fstatSync(file);
    const user = process.getuid?.();
    if (user !== undefined && (uid !== user || (mode & 0o022) !== 0))
      throw fail("folder_not_private", { path, reason: "another user can write to it" });
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
};

/**
 * A private folder below {@link userFolder}. Where the home folder cannot be written, as in some
 * containers, it is one in the temporary folder, which another user cannot prepare for us.
 */
export const privateUserFolder = (...names: string[]): string => {
  try {
    return nested(userFolder(), names);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (!["EACCES", "EROFS", "ENOENT", "ENOTDIR", "EPERM"].includes(String(code))) throw error;
    return nested(temporaryUserFolder(), names);
  }
};

/**
 * The private folders of this user that there are, the one in use first. HOME and XDG_CONFIG_HOME can
 * differ from call to call, as under `sudo`, in a container or in a script, and the user is the same.
 */
export const existingUserFolders = (): string[] => {
  const places = [userFolder(), userFolder({}, userInfo().homedir), temporaryUserFolder()];
  return [...new Set(places)].filter(isPrivate);
};

/** Whether only this user could have made it, and what is in it. */
const isPrivate = (folder: string): boolean => {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory() !== true) return false;
  return process.getuid === undefined || (found.uid === process.getuid() && (found.mode & 0o077) === 0);
};

const nested = (base: string, names: readonly string[]): string =>
  names.reduce((folder, name) => privateFolder(join(folder, name)), privateFolder(base));
