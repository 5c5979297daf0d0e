import type { ChangeSet } from "../../schemas/changes.ts";
import type { Rating } from "../../schemas/execution.ts";
import type { Finding } from "../../schemas/findings.ts";
import type { Lesson, LessonOrigin } from "../../schemas/lessons.ts";
import type { Timestamp } from "../../schemas/primitives.ts";
import type { Task } from "../../schemas/run.ts";
import { lessonId } from "./lessons-file.ts";

/** Longest quotation in a lesson. */
const QUOTED = 240;
/** Paths that are named in one. */
const NAMED_PATHS = 4;

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

const quoted = (text: string): string => {
  const line = oneLine(text);
  return `“${line.length <= QUOTED ? line : `${line.slice(0, QUOTED)}…`}”`;
};

const named = (paths: readonly string[]): string => {
  const distinct = [...new Set(paths)];
  const shown = distinct.slice(0, NAMED_PATHS).map((path) => `\`${path}\``);
  const more = distinct.length - shown.length;
  return `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
};

const originOf = (kind: LessonOrigin["kind"], at: Timestamp, task_id: string): LessonOrigin => ({
  kind,
  day: at.slice(0, 10),
  task_id,
});

const times = (count: number): string => (count === 1 ? "once" : `${count} times`);

/**
 * Findings of one kind that were dismissed for the same reason, if one was given.
 *
 * @param dismissed all that are dismissed; those that came in as dismissed count with their first.
 */
export const lessonOfDismissal = (finding: Finding, dismissed: readonly Finding[]): Lesson[] => {
  const { category } = finding;
  if (finding.dismissed_reason === null) return [];
  const reason = oneLine(finding.dismissed_reason);
  const same = dismissed.filter(
    (other) => other.category === category && oneLine(other.dismissed_reason ?? "") === reason,
  );
  const alike = same.length === 0 ? [finding] : same;
  const count = new Set(alike.map(({ fingerprint }) => fingerprint)).size;
  const text = `- Findings of the kind \`${category}\` were dismissed ${times(count)}, in ${named(
    alike.map(({ path }) => path),
  )}: ${quoted(reason)}. One said: ${quoted(finding.title)}. Where that reason holds, do not report the like.`;
  const origin = originOf("dismissal", finding.updated_at, finding.task_id);
  return [{ lesson_id: lessonId("dismissed", category, reason.toLowerCase()), text, origin }];
};

/** Changes that were discarded, if a reason was given: without one there is nothing to learn. */
export const lessonOfDiscard = (changeSet: ChangeSet, task: Task): Lesson[] => {
  const reason = changeSet.discard_reason;
  if (reason === null) return [];
  const paths = changeSet.files.filter(({ decision }) => decision === "Discarded").map(({ path }) => path);
  const text = `- Changes to ${named(paths)} for ${quoted(task.description)} were discarded: ${quoted(reason)}.`;
  const origin = originOf("discard", changeSet.updated_at, changeSet.task_id);
  return [{ lesson_id: lessonId("discarded", oneLine(reason).toLowerCase()), text, origin }];
};

/** A rating, if it says why. */
export const lessonOfRating = ({ verdict, note, rated_at }: Rating, of: string, task: Task): Lesson[] => {
  if (note === null) return [];
  const judged = verdict === "up" ? "found good" : "found bad";
  const text = `- ${of} for ${quoted(task.description)} was ${judged}: ${quoted(note)}.`;
  const origin = originOf("rating", rated_at, task.task_id);
  return [{ lesson_id: lessonId("rated", verdict, oneLine(note).toLowerCase()), text, origin }];
};

/** Lines an agent wrote and the user rewrote after they were accepted. */
export const lessonOfEdit = (changeSet: ChangeSet, path: string, hunks: readonly string[]): Lesson => {
  const longest = Math.max(
    2,
    ...hunks.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length)),
  );
  const fence = "`".repeat(longest + 1);
  const diff = [`${fence}diff`, ...hunks, fence].map((line) => `  ${line}`);
  return {
    lesson_id: lessonId("edited", changeSet.change_set_id, path),
    text: [
      `- The user rewrote what agents had written in \`${path}\`. Write it like that from the start:`,
      "",
      ...diff,
    ].join("\n"),
    origin: originOf("edit", changeSet.updated_at, changeSet.task_id),
  };
};
