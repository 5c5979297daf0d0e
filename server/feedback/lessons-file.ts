import { createHash } from "node:crypto";

/** What was learned from one kind of feedback. */
export interface Lesson {
  /** The same for the same subject, so that it is told once and brought up to date. */
  id: string;
  /** A Markdown list item; further lines are indented. */
  text: string;
}

interface Entry extends Lesson {
  /** Of the text as it was written; another text is the user's. */
  hash: string;
}

/** `.coditect/lessons.md` in its parts. */
export interface LessonsFile {
  /** What stands before the first lesson: the user's to write. */
  head: string;
  entries: readonly Entry[];
  /** Every lesson that ever stood there, newest last: one that is gone was deleted by the user. */
  seen: readonly string[];
}

/** Lessons that are kept at most, beside those the user edited. */
const MOST_LESSONS = 40;
const MOST_SEEN = 500;
/** Most characters of the file that agents are given. */
const GIVEN_CHARACTERS = 6000;

const HEAD = `# Lessons

What was learned here from feedback: findings that were dismissed, changes that were edited or discarded, ratings. Agents are told in later runs. Edit it freely: what you change stays as you wrote it, and what you delete does not come back.
`;

const marker = /^<!-- lesson ([0-9a-f]{12}) ([0-9a-f]{12}) -->$/m;
const seenLine = /^<!-- lessons seen:((?: [0-9a-f]{12})*) -->$/m;

const shortHash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 12);

/** The id of a lesson about that subject. */
export const lessonId = (...subject: string[]): string => shortHash(subject.join("\0"));

const isEdited = (entry: Entry): boolean => shortHash(entry.text) !== entry.hash;

const newEntry = ({ id, text }: Lesson): Entry => ({ id, text: text.trim(), hash: shortHash(text.trim()) });

/** Reads the file; what it does not understand is text of the user and stays. */
export const parseLessons = (text: string): LessonsFile => {
  const lines = text.replaceAll("\r\n", "\n");
  const seen = seenLine.exec(lines)?.[1]?.trim().split(" ").filter(Boolean) ?? [];
  // A split by a pattern with two groups gives: head, id, hash, text, id, hash, text, …
  const [head = "", ...parts] = lines.replace(seenLine, "").split(marker);
  const entries: Entry[] = [];
  for (let index = 0; index + 2 < parts.length; index += 3) {
    const [id = "", hash = "", own = ""] = parts.slice(index, index + 3);
    entries.push({ id, hash, text: own.trim() });
  }
  return { head: head.trim() === "" ? HEAD : head, entries, seen };
};

export const renderLessons = ({ head, entries, seen }: LessonsFile): string =>
  [
    head.trimEnd(),
    ...entries.map(({ id, hash, text }) => `<!-- lesson ${id} ${hash} -->\n${text}`),
    `<!-- lessons seen:${seen.map((id) => ` ${id}`).join("")} -->`,
    "",
  ].join("\n\n");

/**
 * Takes lessons in: a known one is brought up to date unless the user edited it, one that the user
 * deleted stays away, and the oldest make room.
 */
export const mergeLessons = (file: LessonsFile, lessons: readonly Lesson[]): LessonsFile => {
  const entries = new Map(file.entries.map((entry) => [entry.id, entry]));
  const seen = new Set(file.seen);
  for (const lesson of lessons) {
    const known = entries.get(lesson.id);
    if (known === undefined ? seen.has(lesson.id) : isEdited(known)) continue;
    entries.set(lesson.id, newEntry(lesson));
    seen.add(lesson.id);
  }
  const ours = [...entries.values()].filter((entry) => !isEdited(entry));
  for (const { id } of ours.slice(0, Math.max(0, ours.length - MOST_LESSONS))) {
    entries.delete(id);
    // It made room and was not deleted: if it comes up again, it is new again.
    seen.delete(id);
  }
  return { head: file.head, entries: [...entries.values()], seen: [...seen].slice(-MOST_SEEN) };
};

/** What agents are given of the file, the newest lessons first to stay; empty: nothing. */
export const lessonsForAgents = (text: string): string => {
  const { head, entries } = parseLessons(text);
  const own = head.trim() === HEAD.trim() ? [] : [head.trim()];
  const lessons = entries.map((entry) => entry.text).filter((lesson) => lesson !== "");
  let room = GIVEN_CHARACTERS - own.join("").length;
  const given = lessons.reverse().filter((lesson) => (room -= lesson.length + 1) >= 0);
  return [...own, ...given.reverse()].join("\n").slice(0, GIVEN_CHARACTERS);
};
