import { createHash } from "node:crypto";
import { LessonOrigin, type Lesson } from "../../schemas/lessons.ts";

/** Where the lessons of a workspace are kept. */
export const LESSONS_FILE = ".coditect/lessons.md";

interface Entry extends Lesson {
  /** Of the text as it was written; another text is the user's. */
  hash: string;
}

/** `.coditect/lessons.md` in its parts. */
export interface LessonsFile {
  /** The text before the first lesson, which the user writes. */
  head: string;
  entries: readonly Entry[];
  /** Every lesson that was ever in the file, newest last: one that is missing now was deleted by the user. */
  seen: readonly string[];
}

/** The most lessons that are kept, not counting those the user edited. */
const MOST_LESSONS = 40;
const MOST_SEEN = 500;
/** Most characters of the file that agents are given. */
const GIVEN_CHARACTERS = 6000;

const HEAD = `# Lessons

What was learned here from feedback: findings that were dismissed, changes that were edited or discarded, ratings. Agents are told in later runs. Edit it freely: what you change stays as you wrote it, and what you delete does not come back.
`;

/** Id, hash of the text and, in newer files, where the lesson comes from. */
const marker =
  /^<!-- lesson ([0-9a-f]{12}) ([0-9a-f]{12})(?: from (\w+) (\d{4}-\d\d-\d\d) ([0-9a-f-]{36}))? -->$/m;
const MARKER_GROUPS = 5;
const seenLine = /^<!-- lessons seen:((?: [0-9a-f]{12})*) -->$/m;

const shortHash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 12);

/** The id of a lesson about that subject. */
export const lessonId = (...subject: string[]): string => shortHash(subject.join("\0"));

const isEdited = (entry: Entry): boolean => shortHash(entry.text) !== entry.hash;

const newEntry = ({ lesson_id, text, origin }: Lesson): Entry => ({
  lesson_id,
  text: text.trim(),
  hash: shortHash(text.trim()),
  origin,
});

const renderMarker = ({ lesson_id, hash, origin }: Entry): string => {
  const from = origin === null ? "" : ` from ${origin.kind} ${origin.day} ${origin.task_id}`;
  return `<!-- lesson ${lesson_id} ${hash}${from} -->`;
};

/** Reads the file; what it does not understand is text of the user and stays. */
export const parseLessons = (text: string): LessonsFile => {
  const lines = text.replaceAll("\r\n", "\n");
  const seen = seenLine.exec(lines)?.[1]?.trim().split(" ").filter(Boolean) ?? [];
  // A split by a pattern with groups gives: head, then the groups and the text of each lesson.
  const [head = "", ...parts] = lines.replace(seenLine, "").split(marker);
  const entries: Entry[] = [];
  for (let index = 0; index + MARKER_GROUPS < parts.length; index += MARKER_GROUPS + 1) {
    const [id = "", hash = "", kind, day, task_id, own = ""] = parts.slice(index, index + MARKER_GROUPS + 1);
    const origin = LessonOrigin.safeParse({ kind, day, task_id }).data ?? null;
    entries.push({ lesson_id: id, hash, text: own.trim(), origin });
  }
  return { head: head.trim() === "" ? HEAD : head, entries, seen };
};

/** Where each lesson begins (line, from 0), for an editor that shows the file. */
export const lessonMarkers = (
  text: string,
): { line: number; lesson_id: string; origin: LessonOrigin | null }[] =>
  text.split(/\r?\n/).flatMap((content, line) => {
    const [, lesson_id, , kind, day, task_id] = marker.exec(content) ?? [];
    if (lesson_id === undefined) return [];
    return [{ line, lesson_id, origin: LessonOrigin.safeParse({ kind, day, task_id }).data ?? null }];
  });

export const renderLessons = ({ head, entries, seen }: LessonsFile): string =>
  [
    head.trimEnd(),
    ...entries.map((entry) => `${renderMarker(entry)}\n${entry.text}`),
    `<!-- lessons seen:${seen.map((id) => ` ${id}`).join("")} -->`,
    "",
  ].join("\n\n");

/**
 * Takes lessons in: a known one is brought up to date unless the user edited it, one that the user
 * deleted stays away, and the oldest make room.
 */
export const mergeLessons = (file: LessonsFile, lessons: readonly Lesson[]): LessonsFile => {
  const entries = new Map(file.entries.map((entry) => [entry.lesson_id, entry]));
  const seen = new Set(file.seen);
  for (const lesson of lessons) {
    const known = entries.get(lesson.lesson_id);
    if (known === undefined ? seen.has(lesson.lesson_id) : isEdited(known)) continue;
    entries.set(lesson.lesson_id, newEntry(lesson));
    seen.add(lesson.lesson_id);
  }
  const ours = [...entries.values()].filter((entry) => !isEdited(entry));
  for (const { lesson_id } of ours.slice(0, Math.max(0, ours.length - MOST_LESSONS))) {
    entries.delete(lesson_id);
    // It made room and was not deleted: if it comes up again, it is new again.
    seen.delete(lesson_id);
  }
  return { head: file.head, entries: [...entries.values()], seen: [...seen].slice(-MOST_SEEN) };
};

/** The file without that lesson, which does not come back; `null` if it holds none of that id. */
export const withoutLesson = (file: LessonsFile, id: string): LessonsFile | null =>
  file.entries.some((entry) => entry.lesson_id === id)
    ? {
        head: file.head,
        entries: file.entries.filter((entry) => entry.lesson_id !== id),
        seen: [...new Set([...file.seen, id])],
      }
    : null;

/** What agents are given of the file, the newest lessons first to stay; empty: nothing. */
export const lessonsForAgents = (text: string): string => {
  const { head, entries } = parseLessons(text);
  const own = head.trim() === HEAD.trim() ? [] : [head.trim()];
  const lessons = entries.map((entry) => entry.text).filter((lesson) => lesson !== "");
  let room = GIVEN_CHARACTERS - own.join("").length;
  const given = lessons.reverse().filter((lesson) => (room -= lesson.length + 1) >= 0);
  return [...own, ...given.reverse()].join("\n").slice(0, GIVEN_CHARACTERS);
};
