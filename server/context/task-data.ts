import { z } from "zod";
import { CoditectError, fail } from "../../schemas/errors.ts";
import type { ContextItem } from "../../schemas/execution.ts";
import type { Json } from "../../schemas/primitives.ts";
import { ignoreRules } from "../workspace/ignore.ts";
import { plainDiff, callGit } from "../workspace/run-git.ts";

/** The maximum length of a diff for an agent. A longer diff is cut at a line and says so. */
const LONGEST_DIFF = 200_000;

/** A task about the changes since a revision. */
const AboutDiff = z.looseObject({ diff_base: z.string().regex(/^[\w./@{}~^-]+$/) });

/** A task about some lines of a file. */
const AboutSelection = z.looseObject({
  selection: z.object({ path: z.string(), start_line: z.int(), end_line: z.int(), text: z.string() }),
});

/** What a task is about in addition to its file, in a few words. Null: nothing. */
export const subjectOfData = (data: Json | null): string | null => {
  const diff = AboutDiff.safeParse(data);
  if (diff.success) return `what changed since ${diff.data.diff_base}`;
  const about = AboutSelection.safeParse(data);
  if (!about.success) return null;
  const { path, start_line, end_line } = about.data.selection;
  return `lines ${start_line} to ${end_line} of ${path}`;
};

const cut = (diff: string): string =>
  diff.length <= LONGEST_DIFF
    ? diff
    : `${diff.slice(0, diff.lastIndexOf("\n", LONGEST_DIFF))}\n[the rest of the diff is left out: it is too long]`;

/**
 * The maximum length of the arguments that exclude paths. On Windows, a command line can have 32,767
 * characters.
 */
const LONGEST_EXCLUDES = process.platform === "win32" ? 25_000 : 500_000;

/**
 * Leaves out files that agents may not see. Version control may contain a secret, or files that a
 * `.coditectignore` hides.
 */
const diffSince = async (workspace: string, base: string, signal: AbortSignal): Promise<string> => {
  const diff = (options: readonly string[], paths: readonly string[]): Promise<string> => {
    const args = ["diff", ...plainDiff, ...options, "--relative", "--end-of-options", base, "--", ...paths];
    return callGit(args, { folder: workspace, signal });
  };
  try {
    const rules = ignoreRules(workspace);
    const changed = (await diff(["--name-only", "--no-renames", "-z"], [])).split("\0");
    const closed = changed.filter((path) => path !== "" && rules.closedBy(path) !== null);
    const excludes = closed.map((path) => `:(exclude,literal)${path}`);
    if (excludes.join(" ").length > LONGEST_EXCLUDES)
      throw fail("usage", {
        problem: `Too many files that agents may not see have changed since ${base}: git cannot leave out all of them.`,
      });
    return await diff([], [".", ...excludes]);
  } catch (error) {
    if (error instanceof CoditectError) throw error;
    throw fail("usage", { problem: `git cannot tell what changed since ${base}.` }, { cause: error });
  }
};

/**
 * What a task contains for its agents in addition to its text: a diagnostic, a failing test or a selection
 * unchanged, and for `diff_base` the changes since that revision. Errors: `usage` if git does not know the
 * revision.
 */
export const taskDataItems = async (
  data: Json | null,
  workspace: string,
  signal: AbortSignal,
): Promise<ContextItem[]> => {
  if (data === null) return [];
  const about = AboutDiff.safeParse(data);
  if (about.success) {
    const { diff_base: base } = about.data;
    const content = cut(await diffSince(workspace, base, signal));
    return [{ context_type: "DataFile", name: `changes since ${base}`, content, mime_type: "text/x-diff" }];
  }
  const selected = AboutSelection.safeParse(data);
  if (selected.success) {
    const { path, start_line, end_line, text } = selected.data.selection;
    const name = `${path}, lines ${start_line} to ${end_line}`;
    return [{ context_type: "SourceCode", name, content: text, mime_type: "text/plain" }];
  }
  const content = JSON.stringify(data, null, 2);
  return [{ context_type: "DataFile", name: "what was reported", content, mime_type: "application/json" }];
};
