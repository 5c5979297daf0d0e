import { structuredPatch, type StructuredPatchHunk } from "diff";
import type { ChangedFile, ChangeSet } from "../../schemas/changes.ts";
import type { Lesson } from "../../schemas/lessons.ts";
import { kept, readWorkspaceFile } from "../changes/contents.ts";
import { diffText } from "../changes/patch.ts";
import type { Store } from "../store/store.ts";
import { callGit } from "../workspace/run-git.ts";
import { lessonOfEdit } from "./lessons.ts";

/** Newest runs whose accepted changes are compared with the workspace. */
const RECENT_RUNS = 5;
/** A run must not begin late because much was changed before it: files that are compared at most. */
const MOST_FILES = 40;
const LONGEST_TEXT = 200_000;
/** Most milliseconds spent on one comparison. */
const DIFF_MILLISECONDS = 100;
/** Lines of a difference that are shown, and characters of each. */
const SHOWN_LINES = 16;
const SHOWN_CHARACTERS = 160;

const hunksOf = (before: string, after: string): StructuredPatchHunk[] =>
  structuredPatch("", "", before, after, undefined, undefined, { context: 0, timeout: DIFF_MILLISECONDS })
    ?.hunks ?? [];

/** Numbers of the lines that are new in `after`. */
const addedLines = (before: string, after: string): Set<number> =>
  new Set(
    hunksOf(before, after).flatMap(({ newStart, newLines }) =>
      Array.from({ length: newLines }, (_, index) => newStart + index),
    ),
  );

const withoutBlanks = (lines: readonly string[], sign: string): string =>
  lines
    .filter((line) => line.startsWith(sign))
    .map((line) => line.slice(1).replace(/\s+/g, ""))
    .join("");

/** Whether a difference is one of layout only, as a formatter makes it. */
const isLayout = ({ lines }: StructuredPatchHunk): boolean =>
  withoutBlanks(lines, "-") === withoutBlanks(lines, "+");

/** Whether lines of these numbers are replaced, or something is put between two of them. */
const touches = ({ oldStart, oldLines }: StructuredPatchHunk, written: ReadonlySet<number>): boolean =>
  oldLines === 0
    ? written.has(oldStart - 1) && written.has(oldStart)
    : Array.from({ length: oldLines }, (_, index) => oldStart + index).some((line) => written.has(line));

/** Says something: a bracket or a blank line of its own is in every file. */
const hasWords = (line: string): boolean => /[\p{L}\p{N}]/u.test(line);

/**
 * Whether a difference holds a line that is in none of the versions agents began with or wrote. What
 * removes lines, or restores older ones, is an undo: without a reason it teaches nothing.
 */
const isWriting = ({ lines }: StructuredPatchHunk, known: ReadonlySet<string>): boolean =>
  lines.some((line) => line.startsWith("+") && hasWords(line) && !known.has(withoutBlanks([line], "+")));

/** Whether a text contains an unresolved merge conflict. */
const hasConflict = (text: string): boolean => /^<{7} /m.test(text) && /^>{7} /m.test(text);

/**
 * How the user rewrote lines an agent had written, as lines of a diff; empty if they are as they
 * were accepted, or were only taken back. What the user did elsewhere in the file says nothing about
 * the agent.
 *
 * @param others texts the file had in other runs; their lines are not the user's writing either.
 */
export const rewrittenLines = (
  before: string,
  after: string,
  present: string,
  others: readonly string[] = [],
): string[] => {
  if (hasConflict(present)) return [];
  const written = addedLines(before, after);
  const known = new Set(
    [before, after, ...others].flatMap((text) =>
      text.split("\n").map((line) => withoutBlanks([`+${line}`], "+")),
    ),
  );
  return hunksOf(after, present)
    .filter((hunk) => touches(hunk, written) && !isLayout(hunk) && isWriting(hunk, known))
    .flatMap(({ lines }) => lines)
    .filter((line) => !line.startsWith("\\"))
    .slice(0, SHOWN_LINES)
    .map((line) => line.slice(0, SHOWN_CHARACTERS));
};

const textOf = (bytes: Buffer | null): string | null =>
  bytes === null || bytes.length > LONGEST_TEXT ? null : diffText(bytes);

const keptText = async (store: Store, sha256: string | null): Promise<string | null> =>
  sha256 === null ? null : textOf(await kept(store.objects, sha256));

/** A change set of a recent run. */
interface Recent {
  store: Store;
  workspace: string;
  /** Newest first. */
  changeSets: readonly ChangeSet[];
  signal: AbortSignal;
}

/** Both texts that the path had in the other change sets. */
const otherTexts = async ({ store, changeSets }: Recent, path: string, own: ChangeSet): Promise<string[]> => {
  const files = changeSets
    .filter((changeSet) => changeSet !== own)
    .flatMap((changeSet) => changeSet.files.filter((file) => file.path === path));
  const texts = await Promise.all(
    files.flatMap(({ before, after }) => [keptText(store, before), keptText(store, after)]),
  );
  return texts.filter((text) => text !== null);
};

const GIT_MILLISECONDS = 3000;
/** The number of older commits of a file to read. */
const MOST_COMMITS = 3;

/**
 * The texts of a file in its last commits before a time. If the file has their lines again, the user restored
 * them and did not write them. Empty without git. Null: git was stopped, so nobody knows who wrote the lines.
 */
const committedBefore = async (
  { workspace, signal }: Recent,
  path: string,
  at: string,
): Promise<string[] | null> => {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(GIT_MILLISECONDS)]);
  const call = { folder: workspace, signal: limited, most: LONGEST_TEXT };
  try {
    const which = ["--max-count", String(MOST_COMMITS), "--before", at, "--format=%H"];
    const log = await callGit(["--literal-pathspecs", "log", ...which, "--", path], call);
    const commits = log.split("\n").filter((line) => line !== "");
    const texts = commits.map((commit) => callGit(["cat-file", "blob", `${commit}:./${path}`], call));
    const settled = await Promise.allSettled(texts);
    if (limited.aborted) return null;
    return settled.flatMap((text) => (text.status === "fulfilled" ? [text.value] : []));
  } catch {
    return limited.aborted ? null : [];
  }
};

const lessonOfFile = async (recent: Recent, changeSet: ChangeSet, file: ChangedFile): Promise<Lesson[]> => {
  const { store, workspace } = recent;
  if (file.binary || file.after === null) return [];
  const after = await keptText(store, file.after);
  const present = textOf(await readWorkspaceFile(workspace, file.path).catch(() => null));
  const before = file.before === null ? "" : await keptText(store, file.before);
  if (after === null || present === null || before === null || after === present) return [];
  const others = await otherTexts(recent, file.path, changeSet);
  if (rewrittenLines(before, after, present, others).length === 0) return [];
  const committed = await committedBefore(recent, file.path, changeSet.created_at);
  if (committed === null) return [];
  const lines = rewrittenLines(before, after, present, [...others, ...committed]);
  return lines.length === 0 ? [] : [lessonOfEdit(changeSet, file.path, lines)];
};

const isTaken = ({ decision }: ChangedFile): boolean => decision === "Accepted" || decision === "Edited";

/**
 * How the user has edited accepted changes since. Of each file only the newest change counts: what is
 * there after an older one may be the work of an agent. Stops early when the signal aborts.
 */
export const lessonsOfEdits = async (
  store: Store,
  workspace: string,
  signal: AbortSignal,
): Promise<Lesson[]> => {
  const changeSets = store
    .page("runs", {}, { limit: RECENT_RUNS, cursor: null })
    .items.flatMap(({ change_set_id }) =>
      change_set_id === null ? [] : (store.get("changeSets", change_set_id) ?? []),
    );
  const recent: Recent = { store, workspace, changeSets, signal };
  const lessons: Lesson[] = [];
  const seen = new Set<string>();
  for (const changeSet of changeSets) {
    for (const file of changeSet.files.filter(isTaken)) {
      if (seen.size === MOST_FILES || signal.aborted) return lessons;
      if (seen.has(file.path)) continue;
      seen.add(file.path);
      lessons.push(...(await lessonOfFile(recent, changeSet, file)));
    }
  }
  return lessons;
};
