import { readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fail } from "../../../schemas/errors.ts";
import { ignoreRules } from "../../workspace/ignore.ts";
import { isWithin } from "../../workspace/paths.ts";
import { isDependencyFolder } from "../../workspace/walk.ts";

/** Something of a workspace that looks empty to its workers. */
export interface HiddenPath {
  path: string;
  isFolder: boolean;
}

/** How long a finding stands: starts that come together share one walk. */
const FRESH_MS = 5000;
/**
 * As many as a sandbox takes as arguments. What is merely ignored is shown beyond that; with more secrets
 * nothing is started.
 */
const MOST_HIDDEN = 2000;
const MOST_SECRETS = 5000;

/** Rules whose files agents may never read, in place of those that only keep them out of a copy. */
const isClosed = (rule: string): boolean =>
  rule.endsWith(".coditectignore") ||
  (rule.startsWith("the built-in list") && !rule.includes("version control"));

/** What of a repository the ignore rules are read from; its configuration and credentials are not among it. */
const readOfGit: ReadonlySet<string> = new Set(["index", "info", "HEAD", "commondir", "gitdir"]);

const insideOfGit = async (folder: string): Promise<HiddenPath[]> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !readOfGit.has(entry.name) && (entry.isDirectory() || entry.isFile()))
    .map((entry) => ({ path: join(folder, entry.name), isFolder: entry.isDirectory() }));
};

/** Folders that programs are started from stay, although a rule of git leaves them out. */
const holdsPrograms = (folder: string): boolean =>
  (process.env.PATH ?? "").split(delimiter).some((path) => path !== "" && isWithin(folder, path));

const walk = async (workspace: string): Promise<HiddenPath[]> => {
  const rules = ignoreRules(workspace);
  const secrets: HiddenPath[] = [];
  const ignored: HiddenPath[] = [];
  const folders = [""];
  for (const folder of folders) {
    const entries = await readdir(join(workspace, folder), { withFileTypes: true }).catch(() => []);
    rules.enter(
      folder,
      entries.map(({ name }) => name),
    );
    for (const entry of entries) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      const place = join(workspace, path);
      const isFolder = entry.isDirectory();
      if (!isFolder && !entry.isFile()) continue;
      if (entry.name === ".git" && isFolder) secrets.push(...(await insideOfGit(place)));
      else if (!isDependencyFolder(workspace, path)) {
        const rule = rules.rule(path, isFolder);
        if (rule !== null && isClosed(rule)) secrets.push({ path: place, isFolder });
        else if (rule !== null && entry.name !== ".git" && !holdsPrograms(place))
          ignored.push({ path: place, isFolder });
        else if (rule === null && isFolder) folders.push(path);
      }
    }
  }
  if (secrets.length > MOST_SECRETS)
    throw fail("too_many_secrets", { count: secrets.length, limit: MOST_SECRETS });
  return [...secrets, ...ignored.slice(0, Math.max(0, MOST_HIDDEN - secrets.length))];
};

/**
 * Finds what of a workspace its private copy does not contain: secrets, the runtime's own state, what is
 * ignored, and the repository's inside. The workspace a worker sees must not show it either, as its
 * commands could read it there. Dependencies stay: they are used in place.
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
