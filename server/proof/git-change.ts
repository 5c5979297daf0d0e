import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import type { FileChange } from "../../schemas/changes.ts";
import { CoditectError, fail } from "../../schemas/errors.ts";
import { toFileContent } from "../workspace/encoding.ts";
import { ignoreRules } from "../workspace/ignore.ts";
import { readIfPossible } from "../workspace/open.ts";
import { callGit, callGitForBytes, plainDiff } from "../workspace/run-git.ts";

/** What differs between a revision and the workspace as it is. */
export interface GitChange {
  /** The commit. */
  base: string;
  /** From the revision to the workspace. */
  changes: FileChange[];
  /** From the workspace back to the revision. */
  inverse: FileChange[];
  readBase: (path: string) => Promise<string | null>;
}

const hashOf = (bytes: Buffer | null): string | null =>
  bytes === null ? null : createHash("sha256").update(bytes).digest("hex");

interface FileState {
  /** Null: there is no file. */
  bytes: Buffer | null;
  executable: boolean;
}

const isSame = (one: FileState, other: FileState): boolean =>
  hashOf(one.bytes) === hashOf(other.bytes) && (one.bytes === null || one.executable === other.executable);

const changeOf = (path: string, from: FileState, to: FileState): FileChange => ({
  path,
  before: hashOf(from.bytes),
  content: to.bytes === null ? null : toFileContent(to.bytes),
  executable: to.bytes !== null && to.executable,
});

/** Whether a file is executable before and after a change. */
type Modes = readonly [path: string, { before: boolean; after: boolean }];

/** How git names the mode of an executable file, and of one that its index does not have. */
const EXECUTABLE = "100755";
const NONE = "000000";

const isProgram = (workspace: string, path: string): boolean => {
  const stats = statSync(join(workspace, path), { throwIfNoEntry: false });
  return stats?.isFile() === true && (stats.mode & 0o100) !== 0;
};

/** The files in the output of `git diff --raw -z`: `:100644 100755 <blob> <blob> M`, then the path. */
const modesIn = (workspace: string, listed: string): Modes[] =>
  [...listed.matchAll(/:(\d+) (\d+) [^\0]*\0([^\0]*)\0/g)].map(([, before, after, path = ""]) => [
    path,
    {
      before: before === EXECUTABLE,
      // A file that git no longer knows may still be there.
      after: after === NONE ? isProgram(workspace, path) : after === EXECUTABLE,
    },
  ]);

const newFile = (workspace: string, path: string): Modes => [
  path,
  { before: false, after: isProgram(workspace, path) },
];

/**
 * The change of a workspace since a revision: committed, staged, unstaged, and files git does not know
 * yet. Files that are closed to agents are left out. Errors: `usage` when git does not know the
 * revision, or there is no repository.
 */
export const changeSince = async (
  workspace: string,
  revision: string,
  signal: AbortSignal,
): Promise<GitChange> => {
  const git = (...args: string[]) => callGit(args, { folder: workspace, signal });
  const base = await git("rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`)
    .then((text) => text.trim())
    .catch((error: unknown) => {
      if (error instanceof CoditectError) throw error;
      throw fail("usage", { problem: `Git knows no revision ${revision} of ${workspace}.` });
    });
  const listed = await git(
    "diff",
    ...plainDiff,
    "--raw",
    "-z",
    "--no-renames",
    "--relative",
    base,
    "--",
    ".",
  );
  const untracked = await git("ls-files", "--others", "--exclude-standard", "-z", "--", ".");
  const rules = ignoreRules(workspace);
  const modes = new Map([
    ...untracked.split("\0").map((path) => newFile(workspace, path)),
    ...modesIn(workspace, listed),
  ]);
  const paths = [...modes.keys()]
    .filter((path) => path !== "" && rules.closedBy(path) === null && !path.startsWith(".coditect/"))
    .sort();
  const bytesBefore = (path: string): Promise<Buffer | null> =>
    callGitForBytes(["show", `${base}:./${path}`], { folder: workspace, signal }).catch(() => null);
  const pairs = await Promise.all(
    paths.map(async (path): Promise<{ path: string; before: FileState; after: FileState }> => {
      const { before = false, after = false } = modes.get(path) ?? {};
      return {
        path,
        before: { bytes: await bytesBefore(path), executable: before },
        after: { bytes: readIfPossible(workspace, path), executable: after },
      };
    }),
  );
  const differing = pairs.filter(({ before, after }) => !isSame(before, after));
  return {
    base,
    changes: differing.map(({ path, before, after }) => changeOf(path, before, after)),
    inverse: differing.map(({ path, before, after }) => changeOf(path, after, before)),
    readBase: async (path) => (await bytesBefore(path))?.toString("utf8") ?? null,
  };
};

/** Changes from the workspace that lead to the revision with these changes on top. */
export const onTopOf = (inverse: readonly FileChange[], changes: readonly FileChange[]): FileChange[] => {
  const state = new Map(inverse.map((change) => [change.path, change]));
  for (const change of changes) {
    const before = state.get(change.path)?.before ?? change.before;
    state.set(change.path, { ...change, before });
  }
  return [...state.values()];
};
