import { lstatSync } from "node:fs";
import { dirname, join } from "node:path";
import ignore, { type Ignore } from "ignore";
import { fail } from "../../schemas/errors.ts";
import type { GitFiles } from "../../schemas/git-files.ts";
import { findGit, readSettingFile, trackedPaths } from "./git.ts";
import { readInside } from "./open.ts";
import { boundedPatterns } from "./ignore-patterns.ts";
import { relativePath } from "./paths.ts";
import { redactText } from "./redact.ts";
import { plainestPath } from "./plainest-path.ts";

/** Ignore files of a folder. */
const ignoreFileNames: ReadonlySet<string> = new Set([".gitignore", ".coditectignore"]);

const secretName =
  /^\.env|\.(pem|key|p12|pfx|p8|jks|keystore|truststore|crt|cer|der|csr|ppk|kdbx|gpg)$|^id_(rsa|dsa|ecdsa|ed25519)|^\.(npmrc|pypirc|netrc|pgpass|htpasswd|git-credentials|dockercfg)$|^(service-?account|credentials|client_secret)[\w.-]*\.json$|^secrets?\.(ya?ml|json|toml|ini|env|properties|xml)$|^secrets\.[\w.-]+\.(ya?ml|json|toml)$|\.(tfstate|tfvars)(\.backup)?$|^terraform\.tfstate|\.(mobileprovision|ovpn|agekey|asc|keytab)$|^\.(vault-token|vault_pass|my\.cnf|mylogin\.cnf|s3cfg|boto|terraformrc|git-credential[\w-]*|bash_history|zsh_history|python_history|node_repl_history|psql_history|mysql_history|yarnrc\.credentials)$|^(wp-config\.php|master\.key|credentials\.yml\.enc|kubeconfig|known_hosts|authorized_keys|\.?htpasswd|google-services\.json|hosts\.yml\.token)$|^\.dev\.vars|^(local\.settings\.json|_netrc|rclone\.conf|\.databrickscfg|\.passwd-s3fs)$|-firebase-adminsdk-[\w-]+\.json$/i;
/** Suffixes of backup files. */
const keptCopy = /(?:\.(?:bak|backup|old|orig|save|swp)|~){1,3}$/i;
/** Files that are secrets in these locations and ordinary files elsewhere. */
const secretPlace =
  /(^|\/)(\.?docker\/config\.json|\.?gh\/hosts\.yml|\.?glab-cli\/config\.yml|\.cargo\/credentials(\.toml)?|\.gem\/credentials|\.m2\/settings(-security)?\.xml|\.gradle\/gradle\.properties|\.composer\/auth\.json|\.config\/(gcloud|op|rclone|hub)(\/.*)?|\.terraform\.d\/credentials\.tfrc\.json|\.nuget\/nuget\.config|\.kaggle\/kaggle\.json|\.?containers\/auth\.json|\.huggingface\/token|doctl\/config\.yaml|\.circleci\/cli\.yml|\.fly\/config\.yml|\.netlify\/config\.json)$/i;
const environmentName = /(^|\/)\.env[^/]*$/;
const secretFolders = new Set([
  ".ssh",
  ".aws",
  ".gnupg",
  ".azure",
  ".kube",
  ".gcloud",
  ".oci",
  ".password-store",
]);

/** CODITECT's state and version control. They are never part of a copy. */
const neverFolders = new Set([".git", ".hg", ".svn", ".jj"]);
const statePath = ".coditect/state";

interface IgnoreFile {
  /** The rule as a text. */
  name: string;
  patterns: Ignore;
  /** The prefix of a path for a file above the workspace. */
  prefix: string;
}

/** Ignore files by the folder that they apply to, relative to the workspace. "" for the workspace itself. */
type Chain = Map<string, IgnoreFile[]>;

/**
 * The files of a workspace that agents never see. The rules grow while its folders are walked from the root
 * down: call `enter` for each folder that has an ignore file before you ask about its content.
 */
export interface IgnoreRules {
  /**
   * Reads the ignore files of a folder once. `folder`: relative to the workspace, "" for the workspace
   * itself.
   */
  enter(folder: string, names: Iterable<string>): void;
  /**
   * The rule that hides the path, as a text for people. `null` if agents may see it. Checks only the path
   * itself. `closedBy` also checks the folders above it.
   */
  rule(path: string, isFolder: boolean): string | null;
  /** Like `rule`, but for the path and every folder above it. Reads the ignore files of these folders. */
  closedBy(path: string): string | null;
  /**
   * Whether the user may allow tests to read the path: an environment file in version control that agents may
   * not read only because something in it looks like a secret.
   */
  mayBeOpened(path: string): boolean;
}

/** The rules that need no ignore file: version control, CODITECT's state, secrets. */
export const builtInRule = (written: string, isFolder: boolean): string | null => {
  const spelled = plainestPath(written);
  const path = isFolder ? spelled : spelled.replace(keptCopy, "");
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (neverFolders.has(name)) return "the built-in list of version control folders";
  if (path === statePath) return "the built-in list: the state folder";
  if (isFolder ? secretFolders.has(name) : secretName.test(name) || secretPlace.test(path))
    return "the built-in list of secrets";
  return null;
};

/** Whether agents may never read files that the rule matches. Other rules only keep files out of a copy. */
export const closesToAgents = (rule: string): boolean =>
  rule.endsWith(".coditectignore") ||
  (rule.startsWith("the built-in list") && !rule.includes("version control"));

/** Errors: `ignored_file` for a path that agents may not see. */
export const demandOpen = (rules: Pick<IgnoreRules, "closedBy">, path: string): void => {
  const rule = rules.closedBy(path);
  if (rule !== null) throw fail("ignored_file", { path, rule });
};

const readPatterns = (path: string, ignorecase: boolean): Ignore | null => {
  const text = readSettingFile(path);
  if (text === null) return null;
  try {
    return ignore({ allowRelativePaths: true, ignorecase }).add(boundedPatterns(text));
  } catch {
    return null;
  }
};

const MOST_PATTERN_BYTES = 1 << 20;

/**
 * Patterns of an ignore file of the workspace. Null if there is none. A file that is not a regular file of
 * the workspace, such as a link that leads outside, or that has too many patterns, is not read. In that case,
 * git's own files have no effect, and a .coditectignore hides everything, because the user wanted to hide
 * something.
 */
const readOwnPatterns = (workspace: string, path: string, ignorecase: boolean): Ignore | null => {
  const patterns = ignore({ allowRelativePaths: true, ignorecase });
  try {
    const bytes = readInside(workspace, path, { most: MOST_PATTERN_BYTES });
    return bytes === null ? null : patterns.add(boundedPatterns(bytes.toString("utf8")));
  } catch {
    return path.endsWith(".coditectignore") ? patterns.add("*") : null;
  }
};

/** Git's ignore files outside of the workspace, weakest first. */
const outerFiles = (workspace: string, git: GitFiles): IgnoreFile[] => {
  const prefixOf = (folder: string): string =>
    folder === workspace ? "" : `${relativePath(folder, workspace)}/`;
  const above: { name: string; path: string; prefix: string }[] = [];
  for (let folder = workspace; folder !== git.root;) {
    folder = dirname(folder);
    const path = join(folder, ".gitignore");
    // Git does not follow this link either, and instances do not see its target.
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) continue;
    above.unshift({ name: "a .gitignore above the workspace", path, prefix: prefixOf(folder) });
  }
  const excludes = git.excludes.map((file) => ({ ...file, prefix: prefixOf(git.root) }));
  return [...excludes, ...above].flatMap(({ name, path, prefix }) => {
    const patterns = readPatterns(path, git.ignore_case);
    return patterns === null ? [] : [{ name, patterns, prefix }];
  });
};

/** The files of the workspace that git tracks, read when first needed. */
const trackedFiles = (workspace: string, git: GitFiles | null) => {
  let files: Set<string> | null = null;
  let folders = new Set<string>();
  const read = (): Set<string> => {
    if (files !== null) return files;
    const prefix = git === null || git.root === workspace ? "" : `${relativePath(git.root, workspace)}/`;
    const paths = git === null ? [] : trackedPaths(git);
    files = new Set(paths.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length)));
    folders = new Set([...files].flatMap(foldersAbove));
    return files;
  };
  return {
    hasFile: (path: string): boolean => read().has(path),
    hasBelow: (folder: string): boolean => read().size > 0 && folders.has(folder),
  };
};

const foldersAbove = (path: string): string[] =>
  [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));

/**
 * Files for test runs, such as `.env.test`, are often in version control with values that are not secrets. If
 * any value looks like a secret, the whole file is hidden.
 */
const isHarmless = (path: string): boolean => {
  const text = readSettingFile(path);
  return text !== null && redactText(text, []) === text;
};

/**
 * The ignore rules of a workspace: `.gitignore` and `.coditectignore` of every folder, those of the
 * enclosing git repository, and the built-in list of secrets. Contract: "Files in the workspace".
 * Within each kind a deeper file wins over a higher one, as with git; no `.gitignore` can open what
 * a `.coditectignore` closes. What git tracks is not ignored, whatever a `.gitignore` says; a tracked
 * `.env…` file is open when nothing in it looks like a secret.
 *
 * @param repository the repository around the workspace; left out: it is looked for.
 */
export const ignoreRules = (
  workspace: string,
  repository: GitFiles | null = findGit(workspace),
): IgnoreRules => {
  const git: Chain = new Map([["", repository === null ? [] : outerFiles(workspace, repository)]]);
  const ignoreCase = repository?.ignore_case ?? process.platform !== "linux";
  const tracked = trackedFiles(workspace, repository);
  /** Ignored folders that are walked because git tracks files in them, each with the rule that ignores it. */
  const partly = new Map<string, string>();
  const coditect: Chain = new Map();
  const entered = new Set<string>();

  const enter = (folder: string, names: Iterable<string>): void => {
    if (entered.has(folder)) return;
    entered.add(folder);
    for (const name of names) {
      if (!ignoreFileNames.has(name)) continue;
      const isGits = name === ".gitignore";
      // Files that agents may not read are matched regardless of case.
      const path = folder === "" ? name : `${folder}/${name}`;
      const patterns = readOwnPatterns(workspace, path, !isGits || ignoreCase);
      if (patterns === null) continue;
      const chain = isGits ? git : coditect;
      const file = { name: folder === "" ? name : `${folder}/${name}`, patterns, prefix: "" };
      chain.set(folder, [...(chain.get(folder) ?? []), file]);
    }
  };

  const rule = (path: string, isFolder: boolean): string | null => {
    const builtIn = builtInRule(path, isFolder);
    if (builtIn !== null && !isOpenEnvironment(path, isFolder)) return builtIn;
    const closed = ruleOf(coditect, path, isFolder);
    return closed ?? gitRule(path, isFolder);
  };

  const isOpenEnvironment = (path: string, isFolder: boolean): boolean =>
    !isFolder && environmentName.test(path) && tracked.hasFile(path) && isHarmless(join(workspace, path));

  const gitRule = (path: string, isFolder: boolean): string | null => {
    const parent = parentOf(path);
    const ignored = ruleOf(git, path, isFolder) ?? partly.get(parent ?? "") ?? null;
    if (ignored === null) return null;
    if (!isFolder) return tracked.hasFile(path) ? null : ignored;
    if (!tracked.hasBelow(path)) return ignored;
    partly.set(path, ignored);
    return null;
  };

  const closedBy = (path: string): string | null => {
    const segments = path.split("/");
    for (let depth = 0; depth < segments.length; depth += 1) {
      const folder = segments.slice(0, depth).join("/");
      enter(folder, ignoreFileNames);
      const closed = rule(segments.slice(0, depth + 1).join("/"), depth < segments.length - 1);
      if (closed !== null) return closed;
    }
    return null;
  };

  const mayBeOpened = (path: string): boolean => {
    if (!environmentName.test(path) || !tracked.hasFile(path)) return false;
    const folder = parentOf(path);
    if (folder !== "" && folder !== null && closedBy(folder) !== null) return false;
    enter(folder ?? "", ignoreFileNames);
    return ruleOf(coditect, path, false) === null;
  };

  return { enter, rule, closedBy, mayBeOpened };
};

/**
 * The decision of one ignore file about the path itself. If it ignores a folder above, a deeper file has
 * included that folder again, because otherwise nobody would ask. In that case, only the rules for the name
 * count.
 */
const verdictOf = ({ patterns, prefix }: IgnoreFile, below: string): ReturnType<Ignore["test"]> => {
  const path = prefix + below;
  const name = path.lastIndexOf("/", path.length - 2) + 1;
  const isInherited = name > 0 && patterns.test(path.slice(0, name)).ignored;
  return patterns.test(isInherited ? path.slice(name) : path);
};

/** The decision of one kind of ignore files about a path. The deepest folder decides first. */
const ruleOf = (chain: Chain, path: string, isFolder: boolean): string | null => {
  for (let folder = parentOf(path); folder !== null; folder = parentOf(folder)) {
    const below = folder === "" ? path : path.slice(folder.length + 1);
    for (const file of chain.get(folder)?.toReversed() ?? []) {
      const verdict = verdictOf(file, isFolder ? `${below}/` : below);
      if (verdict.unignored) return null;
      if (verdict.ignored) return file.name;
    }
  }
  return null;
};

/** The folder of a path. "" for entries of the root, `null` above the root. */
const parentOf = (path: string): string | null => {
  if (path === "") return null;
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
};
