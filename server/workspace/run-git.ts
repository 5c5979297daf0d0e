import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { fail } from "../../schemas/errors.ts";
import { programPath } from "./find-program.ts";
import { borrowsObjects, repositoryOf } from "./repository.ts";

const run = promisify(execFile);

export interface GitCall {
  /** Absolute path of a folder in the working tree. */
  folder: string;
  signal: AbortSignal;
  deadlineMs?: number;
  /** Most bytes of the answer. */
  most?: number;
}

const DEADLINE_MS = 20_000;
const MOST_BYTES = 64 << 20;

/** Variables that make git run a program or work in another place. */
const environmentOf = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(GIT_|SSH_ASKPASS)/i.test(name))),
  GIT_TERMINAL_PROMPT: "0",
  GIT_OPTIONAL_LOCKS: "0",
  // Git does not fetch missing objects, because a repository could name the program that fetches them.
  GIT_NO_LAZY_FETCH: "1",
  GIT_ALLOW_PROTOCOL: "none",
  GIT_PAGER: "cat",
  GIT_EDITOR: ":",
  LC_ALL: "C",
});

const nowhere = process.platform === "win32" ? "NUL" : "/dev/null";

/** Settings by which a repository names programs that git runs, each with a value that names none. */
const harmless: readonly (readonly [string, string])[] = [
  ["core.fsmonitor", "false"],
  ["core.hooksPath", nowhere],
  ["core.pager", "cat"],
  ["core.sshCommand", "false"],
  ["core.gitProxy", ""],
  ["core.askPass", ""],
  ["core.attributesFile", nowhere],
  ["credential.helper", ""],
  ["diff.external", ""],
  ["gpg.program", "false"],
  ["protocol.allow", "never"],
  ["submodule.recurse", "false"],
];

/** The settings that turn off a filter, diff or merge driver, or a hook, of this name. */
const driverSettings = (kind: string, name: string): (readonly [string, string])[] => {
  if (kind === "filter")
    return [
      [`filter.${name}.clean`, ""],
      [`filter.${name}.smudge`, ""],
      [`filter.${name}.process`, ""],
      [`filter.${name}.required`, "false"],
    ];
  if (kind === "diff")
    return [
      [`diff.${name}.textconv`, ""],
      [`diff.${name}.command`, ""],
    ];
  if (kind === "merge") return [[`merge.${name}.driver`, "false"]];
  return [
    [`hook.${name}.enabled`, "false"],
    [`hook.${name}.command`, "true"],
  ];
};

/** Settings as git reads them from its environment: a name may hold what an argument could not. */
const asEnvironment = (settings: readonly (readonly [string, string])[]): NodeJS.ProcessEnv => ({
  GIT_CONFIG_COUNT: String(settings.length),
  ...Object.fromEntries(
    settings.flatMap(([name, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, name],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ),
});

/**
 * Every driver and hook that any configuration names; listing them runs none. A name may be empty, and
 * attributes can choose that driver, too.
 */
const driversOf = async (
  git: string,
  options: Parameters<typeof run>[2],
  place: readonly string[],
): Promise<(readonly [string, string])[]> => {
  const listed = await run(git, [...place, "config", "--list", "--name-only", "-z"], options);
  const drivers = new Map<string, readonly [string, string]>();
  for (const name of String(listed.stdout).split("\0")) {
    const [, kind, driver] = /^(filter|diff|merge|hook)\.(.*)\.[^.]+$/s.exec(name) ?? [];
    if (kind !== undefined && driver !== undefined) drivers.set(`${kind} ${driver}`, [kind, driver]);
  }
  return [...drivers.values()].flatMap(([kind, driver]) => driverSettings(kind, driver));
};

/**
 * Runs git on the repository that the folder belongs to; the only way git is called.
 * What a repository's own configuration and attributes name is not run: no hook, no filter, no text
 * conversion, no monitor, no fetch, and nothing of a submodule. Rejects if git fails, or if there
 * is no repository. Error: `usage` for one that borrows another one's objects.
 */
export const callGit = async (args: readonly string[], call: GitCall): Promise<string> =>
  (await callGitForBytes(args, call)).toString("utf8");

/** The same for output that may not be text, such as the content of a file. */
export const callGitForBytes = async (
  args: readonly string[],
  { folder, signal, deadlineMs = DEADLINE_MS, most = MOST_BYTES }: GitCall,
): Promise<Buffer> => {
  const repository = repositoryOf(folder);
  if (repository === null) throw new Error("this folder is not in a repository");
  if (borrowsObjects(repository))
    throw fail("usage", {
      problem: `CODITECT does not run git in ${repository.root}, because this repository uses the objects of another one (objects/info/alternates). Run git repack -ad, remove that file, and try again.`,
    });
  // This names the working tree, because the configuration could name another one.
  const place = [`--git-dir=${repository.gitFolder}`, `--work-tree=${repository.root}`, "--no-pager"];
  const options = { cwd: folder, signal, timeout: deadlineMs, maxBuffer: most, env: environmentOf() };
  const git = programPath("git", repository.root);
  const settings = [...harmless, ...(await driversOf(git, options, place))];
  const env = { ...options.env, ...asEnvironment(settings) };
  return (await run(git, [...place, ...args], { ...options, env, encoding: "buffer" })).stdout;
};

/** A file in a repository elsewhere, at a branch, tag or commit. */
export interface RemoteFile {
  url: string;
  reference: string;
  path: string;
}

/**
 * The bytes of a file of a repository elsewhere. It is fetched into an empty repository in `folder` and
 * nothing is checked out, so no hook, filter or monitor of it is there to run. Rejects if git fails.
 */
export const readRemoteFile = async (
  { url, reference, path }: RemoteFile,
  { folder, signal, deadlineMs = DEADLINE_MS, most = MOST_BYTES }: GitCall,
): Promise<Buffer> => {
  const overSsh = harmless.map(
    ([name, value]) => [name, name === "core.sshCommand" ? "ssh" : value] as const,
  );
  const env = { ...environmentOf(), GIT_ALLOW_PROTOCOL: "https:ssh:git:file", ...asEnvironment(overSsh) };
  const options = { cwd: folder, signal, timeout: deadlineMs, maxBuffer: most, env };
  const git = programPath("git");
  const place = [`--git-dir=${join(folder, "repository")}`, "--no-pager"];
  await run(git, [...place, "init", "--quiet", "--bare", "--template="], options);
  const fetched = ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules"];
  await run(git, [...place, ...fetched, "--", url, reference], options);
  const shown = [...place, "cat-file", "blob", `FETCH_HEAD:${path}`];
  return (await run(git, shown, { ...options, encoding: "buffer" })).stdout;
};

/** Options for `git diff` that name no program either. */
export const plainDiff = ["--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=all"] as const;
