import { homedir, userInfo } from "node:os";
import { isAbsolute } from "node:path";

/** The path if it is absolute; relative paths of the environment are ignored, as the XDG specification asks. */
export const absoluteOr = (path: string | undefined, otherwise: () => string): string =>
  path !== undefined && isAbsolute(path) ? path : otherwise();

/** The user's home folder, also if HOME is empty. */
export const homeFolder = (): string => absoluteOr(homedir(), () => userInfo().homedir);
