import { chmod, cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Calls `use` with a new temporary folder that is gone with everything in it when that ends. */
export const withFolder = async <Result>(use: (folder: string) => Promise<Result>): Promise<Result> => {
  const folder = await mkdtemp(join(tmpdir(), "coditect-eval-"));
  try {
    // A container reads the project as another user.
    await chmod(folder, 0o755);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
};

/** Copies a project to a new folder of that name in `parent`; returns its path. */
export const copyInto = async (parent: string, name: string, project: string): Promise<string> => {
  const copy = join(parent, name);
  await cp(project, copy, { recursive: true });
  return copy;
};
