import { structuredPatch, type StructuredPatchHunk } from "diff";
import type { ChangedFile } from "../../schemas/changes.ts";
import { kept, readWorkspaceFile } from "../changes/contents.ts";
import { diffText } from "../changes/patch.ts";
import type { Store } from "../store/store.ts";
import { lessonOfEdit } from "./lessons.ts";
import type { Lesson } from "./lessons-file.ts";

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

/**
 * How the user rewrote lines an agent had written, as lines of a diff; empty if they stand as they
 * were accepted. What the user did elsewhere in the file says nothing about the agent.
 */
export const rewrittenLines = (before: string, after: string, present: string): string[] => {
  const written = addedLines(before, after);
  return hunksOf(after, present)
    .filter((hunk) => touches(hunk, written) && !isLayout(hunk))
    .flatMap(({ lines }) => lines)
    .filter((line) => !line.startsWith("\\"))
    .slice(0, SHOWN_LINES)
    .map((line) => line.slice(0, SHOWN_CHARACTERS));
};

const textOf = (bytes: Buffer | null): string | null =>
  bytes === null || bytes.length > LONGEST_TEXT ? null : diffText(bytes);

const lessonOfFile = async (
  store: Store,
  workspace: string,
  changeSetId: string,
  file: ChangedFile,
): Promise<Lesson[]> => {
  const isTaken = file.decision === "Accepted" || file.decision === "Edited";
  if (!isTaken || file.binary || file.after === null) return [];
  const after = textOf(await kept(store.objects, file.after));
  const present = textOf(await readWorkspaceFile(workspace, file.path).catch(() => null));
  const before = file.before === null ? "" : textOf(await kept(store.objects, file.before));
  if (after === null || present === null || before === null || after === present) return [];
  const lines = rewrittenLines(before, after, present);
  return lines.length === 0 ? [] : [lessonOfEdit(changeSetId, file.path, lines)];
};

/**
 * What the user made of accepted changes since. Of each file only the newest change counts: what
 * stands there after an older one may be the work of an agent.
 */
export const lessonsOfEdits = async (store: Store, workspace: string): Promise<Lesson[]> => {
  const lessons: Lesson[] = [];
  const seen = new Set<string>();
  for (const run of store.page("runs", {}, { limit: RECENT_RUNS, cursor: null }).items) {
    const changeSet = run.change_set_id === null ? null : store.get("changeSets", run.change_set_id);
    for (const file of changeSet?.files ?? []) {
      if (seen.size === MOST_FILES) return lessons;
      if (seen.has(file.path) || file.decision === "Pending" || file.decision === "Discarded") continue;
      seen.add(file.path);
      lessons.push(...(await lessonOfFile(store, workspace, changeSet?.change_set_id ?? "", file)));
    }
  }
  return lessons;
};
