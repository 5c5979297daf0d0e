import { mkdtemp, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PREFIX = "coditect-egress-";
const NAME = "proxy.sock";

/** Creates a folder for a proxy's socket, which is closed to other users. The path of a socket must be short. */
export const makeSocketFolder = async (): Promise<{ folder: string; socket: string }> => {
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  return { folder, socket: join(folder, NAME) };
};

/** Whether nobody listens at a socket any more. */
const isDead = (socket: string): Promise<boolean> =>
  new Promise((resolve) => {
    const attempt = connect(socket, () => {
      attempt.destroy();
      resolve(false);
    });
    attempt.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code === "ECONNREFUSED");
    });
  });

/** Removes the sockets of runtimes that were killed; those of running ones are left alone. */
export const removeDeadSockets = async (): Promise<void> => {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(PREFIX));
  for (const folder of names.map((name) => join(tmpdir(), name))) {
    if (await isDead(join(folder, NAME))) await rm(folder, { recursive: true, force: true });
  }
};
