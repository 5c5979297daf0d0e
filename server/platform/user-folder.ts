import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { absoluteOr, homeFolder } from "./home-folder.ts";
import { fail } from "../../schemas/errors.ts";
import { closeFolder } from "./closed-folder.ts";

/** The operating system's folder for what a user has set up. */
const configurationFolder = (environment: NodeJS.ProcessEnv): string => {
  if (process.platform === "win32")
    return absoluteOr(environment.APPDATA, () => join(homeFolder(), "AppData", "Roaming"));
  if (process.platform === "darwin") return join(homeFolder(), "Library", "Application Support");
  return absoluteOr(environment.XDG_CONFIG_HOME, () => join(homeFolder(), ".config"));
};

/** What belongs to the user and to no workspace: keys, consents, where running runtimes are reached. */
export const userFolder = (environment: NodeJS.ProcessEnv = process.env): string =>
  join(configurationFolder(environment), "coditect-agents");

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
 * A private folder below {@link userFolder}. Where the home folder cannot be written, as in some
 * containers, it is one in the temporary folder, which another user cannot prepare for us.
 */
export const privateUserFolder = (...names: string[]): string => {
  try {
    return nested(userFolder(), names);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (!["EACCES", "EROFS", "ENOENT", "ENOTDIR", "EPERM"].includes(String(code))) throw error;
    return nested(join(tmpdir(), `coditect-agents-${userInfo().uid}`), names);
  }
};

const nested = (base: string, names: readonly string[]): string =>
  names.reduce((folder, name) => privateFolder(join(folder, name)), privateFolder(base));
