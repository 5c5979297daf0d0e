import { createHash } from "node:crypto";
import { existsSync, readdirSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { errnoOf } from "../store/files.ts";
import { privateUserFolder, readPrivate } from "../platform/user-folder.ts";

/** Where a runtime that owns a state folder is reached: on this machine, by holders of the token. */
export const Endpoint = z.strictObject({
  url: z.string().regex(/^http:\/\/127\.0\.0\.1:\d{1,5}$/),
  token: z.string().min(32),
});
export type Endpoint = z.infer<typeof Endpoint>;

/** Endpoints of the runtimes that have had a state folder, by its real path. */
const folderOf = (stateFolder: string): string =>
  privateUserFolder("runtimes", createHash("sha256").update(realpathSync.native(stateFolder)).digest("hex"));

/** The file with the endpoint of this process, which has, or is about to get, the state folder. */
export const endpointFile = (stateFolder: string, pid = process.pid): string =>
  join(folderOf(stateFolder), `${pid}.json`);

/**
 * Makes this process's endpoint known to the user's other processes. It is written before the folder
 * is locked, so a process that finds the lock finds the endpoint, too.
 */
export const publishEndpoint = (stateFolder: string, endpoint: Endpoint): { withdraw(): void } => {
  // A disk that cannot be written has no state folder, and no process looks for its owner.
  if (!existsSync(stateFolder)) return { withdraw: () => undefined };
  const path = endpointFile(stateFolder);
  const temporary = `${path}.new`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, `${JSON.stringify(endpoint)}\n`, { mode: 0o600, flag: "wx" });
  renameSync(temporary, path);
  return {
    withdraw: () => {
      rmSync(path, { force: true });
    },
  };
};

/** The endpoint of the process that owns the folder; null if it has made none known. */
export const readEndpoint = (stateFolder: string, pid: number): Endpoint | null => {
  try {
    return Endpoint.parse(JSON.parse(readPrivate(endpointFile(stateFolder, pid)).toString("utf8")));
  } catch {
    return null;
  }
};

/** Removes what owners that were killed have left. Only the owner of the folder may do so. */
export const dropStaleEndpoints = (stateFolder: string): void => {
  if (!existsSync(stateFolder)) return;
  const folder = folderOf(stateFolder);
  for (const name of readdirSync(folder)) {
    const pid = Number(name.split(".")[0]);
    if (pid !== process.pid && !isRunning(pid)) rmSync(join(folder, name), { force: true });
  }
};

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== "ESRCH";
  }
};
