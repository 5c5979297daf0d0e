import { createHash } from "node:crypto";
import type { FileChange } from "../../schemas/changes.ts";
import { CoditectError, fail } from "../../schemas/errors.ts";
import { toFileContent } from "../workspace/encoding.ts";
import { ignoreRules } from "../workspace/ignore.ts";
import { readIfPossible } from "../workspace/open.ts";
import { plainDiff, callGit } from "../workspace/run-git.ts";

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
    "--name-only",
    "-z",
    "--no-renames",
    "--relative",
    base,
    "--",
    ".",
  );
  const untracked = await git("ls-files", "--others", "--exclude-standard", "-z", "--", ".");
  const rules = ignoreRules(workspace);
  const paths = [...new Set([...listed.split("\0"), ...untracked.split("\0")])]
    .filter((path) => path !== "" && rules.closedBy(path) === null && !path.startsWith(".coditect/"))
    .sort();
  const readBase = (path: string): Promise<string | null> =>
    git("show", `${base}:./${path}`).catch(() => null);
  const pairs = await Promise.all(
    paths.map(async (path) => {
      const text = await readBase(path);
      return {
        path,
        before: text === null ? null : Buffer.from(text),
        after: readIfPossible(workspace, path),
      };
    }),
  );
  const differing = pairs.filter(({ before, after }) => hashOf(before) !== hashOf(after));
  const content = (bytes: Buffer | null) => (bytes === null ? null : toFileContent(bytes));
  return {
    base,
    changes: differing.map(({ path, before, after }) => ({
      path,
      before: hashOf(before),
      content: content(after),
      executable: false,
    })),
    inverse: differing.map(({ path, before, after }) => ({
      path,
      before: hashOf(after),
      content: content(before),
      executable: false,
    })),
    readBase,
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
