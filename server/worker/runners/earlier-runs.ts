import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ignoreRules } from "../../workspace/ignore.ts";
import { walkWorkspace } from "../../workspace/walk.ts";
import { isInstalled } from "./package.ts";

/** Variables by which tools run the tests again, instead of returning an earlier result or leaving a process behind. */
export const withoutCaches = {
  TURBO_FORCE: "true",
  TURBO_ENV_MODE: "loose",
  NX_SKIP_NX_CACHE: "true",
  NX_DAEMON: "false",
  WIREIT_CACHE: "none",
  MOON_CACHE: "write",
};

/** Where wireit keeps what a script ran on, in each package. */
const wireitFolder = ".wireit";

/**
 * Removes what tools without such a variable remember of earlier runs. wireit skips a script whose files are the same
 * as in its last run. It then exits with 0, and no test has run.
 */
export const forgetEarlierRuns = async (root: string, folder: string): Promise<void> => {
  if (!isInstalled(folder, "wireit")) return;
  for (const listing of walkWorkspace(root, ignoreRules(root, null)))
    await rm(join(root, listing.folder, wireitFolder), { recursive: true, force: true });
};
