import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ignore, { type Ignore } from "ignore";
import { relativePath } from "./paths.ts";

/** Files in which a folder says what is ignored below it. */
export const ignoreFileNames: ReadonlySet<string> = new Set([".gitignore", ".coditectignore"]);

const secretName =
  /^\.env|\.(pem|key|p12|pfx|p8|jks|keystore|truststore|crt|cer|der|csr|ppk|kdbx|gpg)$|^id_(rsa|dsa|ecdsa|ed25519)|^\.(npmrc|pypirc|netrc|pgpass|htpasswd|git-credentials|dockercfg)$|^(service-?account|credentials|client_secret)[\w.-]*\.json$/i;
const secretFolders = new Set([".ssh", ".aws", ".gnupg", ".azure", ".kube"]);

/** The folder's own state, and version control: never part of a copy. */
const neverFolders = new Set([".git", ".hg", ".svn", ".jj"]);
const statePath = ".coditect/state";

interface IgnoreFile {
  /** What people are told. */
  name: string;
  patterns: Ignore;
  /** What is to be put before a path for a file that stands above the workspace. */
  prefix: string;
}

/** Ignore files by the folder they count from, relative to the workspace; "" for itself. */
type Chain = Map<string, IgnoreFile[]>;

/**
 * What agents never see of one workspace. Grows while its folders are walked from the root down:
 * `enter` each folder that has an ignore file before asking about what is in it.
 */
export interface IgnoreRules {
  /** Reads the ignore files of a folder, once; `folder` counts from the workspace, "" for itself. */
  enter(folder: string, names: Iterable<string>): void;
  /**
   * The rule that closes the path, in words for people; `null` when agents may see it. Asks about
   * this path alone: whether a folder above it is closed, `closedBy` tells.
   */
  rule(path: string, isFolder: boolean): string | null;
  /** Like `rule`, for the path and every folder above it, reading ignore files on the way. */
  closedBy(path: string): string | null;
}

/** The part of the rules that needs no ignore file: version control, our state, secrets. */
export function builtInRule(written: string, isFolder: boolean): string | null {
  // Where the file system does not mind the case, `.GIT/hooks` is git's own folder.
  const path = written.toLowerCase();
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (neverFolders.has(name)) return "the built-in list of version control folders";
  if (path === statePath) return "the built-in list: the state folder";
  if (isFolder ? secretFolders.has(name) : secretName.test(name)) return "the built-in list of secrets";
  return null;
}

function readPatterns(path: string): Ignore | null {
  try {
    return ignore({ allowRelativePaths: true }).add(readFileSync(path, "utf8"));
  } catch {
    return null; // Gone since it was listed, or a folder of that name.
  }
}

/** Ignore files of git that stand above the workspace, up to the root of its repository. */
function outerFiles(workspace: string): IgnoreFile[] {
  const files: IgnoreFile[] = [];
  for (let folder = workspace; ; folder = dirname(folder)) {
    const prefix = folder === workspace ? "" : `${relativePath(folder, workspace)}/`;
    const add = (name: string, path: string): void => {
      const patterns = readPatterns(join(folder, path));
      if (patterns !== null) files.unshift({ name, patterns, prefix });
    };
    if (folder !== workspace) add("a .gitignore above the workspace", ".gitignore");
    add(".git/info/exclude", ".git/info/exclude");
    if (existsSync(join(folder, ".git"))) return files;
    if (dirname(folder) === folder) return []; // No repository: what stands above is not ours.
  }
}

/**
 * The ignore rules of a workspace: `.gitignore` and `.coditectignore` of every folder, those of the
 * enclosing git repository, and the built-in list of secrets. Contract: "Files in the workspace".
 * Within each kind a deeper file wins over a higher one, as with git; no `.gitignore` can open what
 * a `.coditectignore` closes.
 */
export function ignoreRules(workspace: string): IgnoreRules {
  const git: Chain = new Map([["", outerFiles(workspace)]]);
  const coditect: Chain = new Map();
  const entered = new Set<string>();

  function enter(folder: string, names: Iterable<string>): void {
    if (entered.has(folder)) return;
    entered.add(folder);
    for (const name of names) {
      if (!ignoreFileNames.has(name)) continue;
      const patterns = readPatterns(join(workspace, folder, name));
      if (patterns === null) continue;
      const chain = name === ".gitignore" ? git : coditect;
      const file = { name: folder === "" ? name : `${folder}/${name}`, patterns, prefix: "" };
      chain.set(folder, [...(chain.get(folder) ?? []), file]);
    }
  }

  const rule = (path: string, isFolder: boolean): string | null =>
    builtInRule(path, isFolder) ?? ruleOf(coditect, path, isFolder) ?? ruleOf(git, path, isFolder);

  function closedBy(path: string): string | null {
    const segments = path.split("/");
    for (let depth = 0; depth < segments.length; depth += 1) {
      const folder = segments.slice(0, depth).join("/");
      enter(folder, ignoreFileNames);
      const closed = rule(segments.slice(0, depth + 1).join("/"), depth < segments.length - 1);
      if (closed !== null) return closed;
    }
    return null;
  }

  return { enter, rule, closedBy };
}

/**
 * What one ignore file says of a path itself. A folder above that it closes was opened again by a
 * deeper file, or nobody would ask: then only what it says of the name counts.
 */
function verdictOf({ patterns, prefix }: IgnoreFile, below: string): ReturnType<Ignore["test"]> {
  const path = prefix + below;
  const name = path.lastIndexOf("/", path.length - 2) + 1;
  const isInherited = name > 0 && patterns.test(path.slice(0, name)).ignored;
  return patterns.test(isInherited ? path.slice(name) : path);
}

/** The last word of one kind of ignore files on a path: from the deepest folder up. */
function ruleOf(chain: Chain, path: string, isFolder: boolean): string | null {
  for (let folder = parentOf(path); folder !== null; folder = parentOf(folder)) {
    const below = folder === "" ? path : path.slice(folder.length + 1);
    for (const file of chain.get(folder)?.toReversed() ?? []) {
      const verdict = verdictOf(file, isFolder ? `${below}/` : below);
      if (verdict.unignored) return null;
      if (verdict.ignored) return file.name;
    }
  }
  return null;
}

/** The folder a path stands in; "" for the root's entries, `null` above the root. */
function parentOf(path: string): string | null {
  if (path === "") return null;
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}
