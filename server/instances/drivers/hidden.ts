import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ignoreRules } from "../../workspace/ignore.ts";

/** Something of a workspace that looks empty to its workers. */
export interface HiddenPath {
  path: string;
  isFolder: boolean;
}

/** How long a finding stands: starts that come together share one walk. */
const FRESH_MS = 5000;
/** More than a sandbox takes as arguments is a sign that the rules are not about secrets. */
const MOST_HIDDEN = 2000;

/** Rules whose files agents may never read, in place of those that only keep them out of a copy. */
const isClosed = (rule: string): boolean =>
  rule.endsWith(".coditectignore") ||
  (rule.startsWith("the built-in list") && !rule.includes("version control"));

const walk = async (workspace: string): Promise<HiddenPath[]> => {
  const rules = ignoreRules(workspace);
  const config = join(workspace, ".git", "config");
  // It can hold a password in the address of a remote.
  const hidden: HiddenPath[] = existsSync(config) ? [{ path: config, isFolder: false }] : [];
  const folders = [""];
  for (const folder of folders) {
    const entries = await readdir(join(workspace, folder), { withFileTypes: true }).catch(() => []);
    rules.enter(
      folder,
      entries.map(({ name }) => name),
    );
    for (const entry of entries) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      const isFolder = entry.isDirectory();
      if (!isFolder && !entry.isFile()) continue;
      const rule = rules.rule(path, isFolder);
      if (rule !== null && isClosed(rule)) hidden.push({ path: join(workspace, path), isFolder });
      else if (rule === null && isFolder && entry.name !== "node_modules") folders.push(path);
    }
  }
  return hidden.slice(0, MOST_HIDDEN);
};

/**
 * Finds secrets and the runtime's own state in a workspace: a private copy does not contain them,
 * and the workspace a worker sees must not either, as its commands could read them there.
 */
export const createHiddenFinder = (): ((workspace: string) => Promise<HiddenPath[]>) => {
  const found = new Map<string, { at: number; hidden: Promise<HiddenPath[]> }>();
  return (workspace) => {
    const known = found.get(workspace);
    if (known !== undefined && performance.now() - known.at < FRESH_MS) return known.hidden;
    const hidden = walk(workspace);
    found.set(workspace, { at: performance.now(), hidden });
    return hidden;
  };
};
