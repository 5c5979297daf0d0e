import { lstatSync, readFileSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { GitFiles } from "../../schemas/git-files.ts";
import { isWithin } from "./paths.ts";
import { repositoryOf } from "./repository.ts";
import { exists } from "./file-access.ts";

const LARGEST_SETTING_FILE = 1024 * 1024;

/** Text of a small regular file; `null` for anything else, such as a device or a pipe. */
export const readSettingFile = (path: string): string | null => {
  try {
    const stats = statSync(path);
    return stats.isFile() && stats.size <= LARGEST_SETTING_FILE ? readFileSync(path, "utf8") : null;
  } catch {
    return null;
  }
};

const isLink = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;

/** The last value of a key in git's configuration. `section` may name a subsection. */
const configured = (text: string | null, section: string, key: string): string | null => {
  let isInside = false;
  let value: string | null = null;
  for (const line of text?.split(/\r?\n/) ?? []) {
    const header = /^\s*\[([^\]]*)\]/.exec(line)?.[1];
    if (header !== undefined) isInside = header.trim().toLowerCase() === section;
    const [, name, written] = /^\s*([\w-]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (isInside && name?.toLowerCase() === key && written !== undefined) value = unquoted(written);
  }
  return value;
};

const unquoted = (written: string): string =>
  /^"((?:[^"\\]|\\.)*)"/.exec(written)?.[1]?.replace(/\\(.)/g, "$1") ?? written.replace(/\s[#;].*$/, "");

/** The user's own ignore file, as `core.excludesFile` says, or where git looks without it. */
const globalExcludes = (environment: NodeJS.ProcessEnv): string => {
  const home = environment.HOME ?? homedir();
  const settings = join(environment.XDG_CONFIG_HOME ?? join(home, ".config"), "git");
  const own = environment.GIT_CONFIG_GLOBAL;
  const files = own === undefined ? [join(settings, "config"), join(home, ".gitconfig")] : [own];
  const [named] = ["/etc/gitconfig", ...files]
    .map((file) => configured(readSettingFile(file), "core", "excludesfile"))
    .filter((value) => value !== null)
    .reverse();
  return named === undefined ? join(settings, "ignore") : resolve(named.replace(/^~(?=\/)/, home));
};

/** The git folder of a working tree, and the one its linked worktrees share; `null`: no repository. */
const gitFolders = (tree: string): { own: string; common: string } | null => {
  if (!exists(join(tree, ".git"))) return null;
  const own = repositoryOf(tree)?.gitFolder ?? null;
  if (own === null) return null;
  const common = readSettingFile(join(own, "commondir"))?.trim() ?? ".";
  return { own, common: isAbsolute(common) ? common : resolve(own, common) };
};

/** The repository a folder belongs to; `null` when there is none. */
export const findGit = (workspace: string, environment: NodeJS.ProcessEnv = process.env): GitFiles | null => {
  for (let folder = workspace; ; folder = dirname(folder)) {
    const found = gitFolders(folder);
    if (found !== null) {
      const config = readSettingFile(join(found.common, "config"));
      const ownExclude = join(found.common, "info", "exclude");
      return {
        root: folder,
        index: join(found.own, "index"),
        excludes: [
          { name: "the user's global ignore file of git", path: globalExcludes(environment) },
          // Through a link, instances could see any file of the machine.
          ...(isLink(ownExclude) ? [] : [{ name: ".git/info/exclude", path: ownExclude }]),
        ],
        ignore_case: configured(config, "core", "ignorecase") === "true",
        hash_bytes: configured(config, "extensions", "objectformat") === "sha256" ? 32 : 20,
      };
    }
    if (dirname(folder) === folder) return null;
  }
};

/**
 * Paths that git tracks, counted from the root of the working tree, with those of submodules that are
 * checked out. An index that cannot be read, is split or is of a newer version tells nothing. Format:
 * git's `gitformat-index`.
 */
export const trackedPaths = (git: GitFiles): string[] =>
  repositoriesOf(git).flatMap(({ folder, entries }) =>
    entries.flatMap(({ path, isRepository }) => (isRepository ? [] : [folder + path])),
  );

/** The indexes of a repository and its submodules. */
export const indexesOf = (git: GitFiles): string[] => repositoriesOf(git).map(({ index }) => index);

interface IndexEntry {
  path: string;
  /** Whether it is a submodule, or another repository in this one. */
  isRepository: boolean;
}

/**
 * A repository and those in it. `folder` is empty or ends with a slash. `seen` contains their indexes,
 * because a prepared index and links could lead back to the same repository endlessly.
 */
const repositoriesOf = (
  git: GitFiles,
  folder = "",
  seen = new Set<string>(),
): { folder: string; index: string; entries: IndexEntry[] }[] => {
  const entries = indexEntries(git);
  const inner = entries.flatMap(({ path, isRepository }) => {
    const place = join(git.root, path);
    const isInside = isRepository && place !== git.root && isWithin(git.root, place);
    const found = isInside && gitFolders(place) !== null ? findGit(place) : null;
    const own = found === null ? null : ownIndex(git, found);
    if (found === null || own === null || seen.has(own)) return [];
    seen.add(own);
    return repositoriesOf(found, `${folder}${path}/`, seen);
  });
  return [{ folder, index: git.index, entries }, ...inner];
};

/** The real index of a submodule, with the repository around it or in its own folder; null: a link leads out. */
const ownIndex = (outer: GitFiles, { root, index }: GitFiles): string | null => {
  try {
    const real = realpathSync.native(index);
    const folders = [dirname(outer.index), root].map((folder) => realpathSync.native(folder));
    return folders.some((folder) => isWithin(folder, real)) ? real : null;
  } catch {
    return null;
  }
};

const indexEntries = ({ index, hash_bytes }: GitFiles): IndexEntry[] => {
  try {
    const stats = statSync(index);
    const isReadable = stats.isFile() && stats.size <= LARGEST_INDEX;
    return isReadable ? parseIndex(readFileSync(index), hash_bytes) : [];
  } catch {
    return [];
  }
};

const STAT_BYTES = 40;
const MODE = 24;
const KIND_BITS = 0o170000;
const REPOSITORY = 0o160000;
const LARGEST_INDEX = 512 * 1024 * 1024;

const parseIndex = (bytes: Buffer, hashBytes: number): IndexEntry[] => {
  const version = bytes.readUInt32BE(4);
  if (bytes.toString("latin1", 0, 4) !== "DIRC" || version < 2 || version > 4) return [];
  const entries: IndexEntry[] = [];
  let at = 12;
  let previous = Buffer.alloc(0);
  for (let left = bytes.readUInt32BE(8); left > 0; left -= 1) {
    const start = at;
    const isRepository = (bytes.readUInt32BE(at + MODE) & KIND_BITS) === REPOSITORY;
    const flags = bytes.readUInt16BE(at + STAT_BYTES + hashBytes);
    at += STAT_BYTES + hashBytes + 2 + ((flags & 0x4000) === 0 ? 0 : 2);
    let kept = Buffer.alloc(0);
    if (version === 4) {
      const dropped = readOffset(bytes, at);
      at = dropped.end;
      kept = previous.subarray(0, previous.length - dropped.value);
    }
    const end = bytes.indexOf(0, at);
    previous = Buffer.concat([kept, bytes.subarray(at, end)]);
    entries.push({ path: previous.toString("utf8"), isRepository });
    // Entries before version 4 are padded with one to eight zeros.
    at = version === 4 ? end + 1 : start + ((end - start + 8) & ~7);
  }
  return entries;
};

/** A number of variable length, as pack files write offsets. */
const readOffset = (bytes: Buffer, start: number): { value: number; end: number } => {
  let at = start;
  let byte = bytes.readUInt8(at++);
  let value = byte & 0x7f;
  while ((byte & 0x80) !== 0) {
    byte = bytes.readUInt8(at++);
    value = ((value + 1) << 7) | (byte & 0x7f);
  }
  return { value, end: at };
};
