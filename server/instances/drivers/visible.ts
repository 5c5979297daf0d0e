import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

/** Files above a workspace that say what is ignored in it. */
const ignoreFiles = [".gitignore", join(".git", "info", "exclude"), join(".git", "HEAD")];

/**
 * What of the machine's files a worker on this workspace needs to see: the workspace, the
 * dependencies of the folders above it (a package of a monorepo uses them), and the ignore files of
 * the repository it belongs to, so that runtime and worker go by the same rules.
 */
export const visibleToWorker = (workspace: string): string[] => {
  const readable = [workspace];
  const modules = join(workspace, "node_modules");
  if (existsSync(modules)) readable.push(realpathSync(modules));
  let inRepository = existsSync(join(workspace, ".git"));
  for (let folder = dirname(workspace); dirname(folder) !== folder; folder = dirname(folder)) {
    const names = [...(inRepository ? [] : ignoreFiles), "node_modules"];
    const found = names.map((name) => join(folder, name)).filter((path) => existsSync(path));
    readable.push(...found.map((path) => realpathSync(path)));
    inRepository ||= existsSync(join(folder, ".git"));
  }
  return [...new Set(readable)];
};
