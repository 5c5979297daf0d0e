import { randomUUID } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fail } from "../../schemas/errors.ts";
import type { ContextItem } from "../../schemas/execution.ts";
import type { Lesson } from "../../schemas/lessons.ts";
import type { Settings } from "../../schemas/settings.ts";
import { SerialQueue } from "../../schemas/serial-queue.ts";
import type { Log } from "../platform/log.ts";
import type { Store } from "../store/store.ts";
import { ownPath, readInside } from "../workspace/open.ts";
import { lessonsOfEdits } from "./edits.ts";
import {
  LESSONS_FILE,
  lessonsForAgents,
  mergeLessons,
  parseLessons,
  renderLessons,
  withoutLesson,
  type LessonsFile,
} from "./lessons-file.ts";
import { redactText } from "../workspace/redact.ts";

/** The maximum time for reading the user's edits before a run. */
const CATCH_UP_MILLISECONDS = 5000;

/** What is learned from the user's feedback in one workspace; nothing while the setting is off. */
export interface Feedback {
  /** Adds lessons to the file. A file that cannot be written is logged and holds nothing up. */
  learn(lessons: readonly Lesson[]): Promise<void>;
  /** Learns from the user's edits of accepted changes; called before a run begins. */
  catchUp(): Promise<void>;
  /** The lessons for an agent; null: there are none. */
  lessons(): Promise<ContextItem | null>;
  /** Each lesson with where it comes from, oldest first. */
  list(): Promise<Lesson[]>;
  /** Takes a lesson out of the file for good. Error: `not_found`. */
  reject(lessonId: string): Promise<void>;
}

/** Larger than any file of lessons that the runtime writes, and what a person adds to it. */
const MOST_LESSON_BYTES = 1 << 20;

export interface FeedbackParts {
  store: Store;
  /** Absolute path. */
  workspace: string;
  settings: Pick<Settings, "lessons">;
  /** Values that must not come into the file. */
  secrets: readonly string[];
  log: Log;
  /** How long reading the user's edits may delay a run; left out: five seconds. */
  catchUpMilliseconds?: number;
}

export const createFeedback = (parts: FeedbackParts): Feedback => {
  const { store, workspace, settings, secrets, log } = parts;
  // Two changes at once would each write without the other's lesson.
  const queue = new SerialQueue();
  const path = () => ownPath(workspace, LESSONS_FILE);
  const read = async (): Promise<string> =>
    Promise.resolve(readInside(workspace, LESSONS_FILE, { most: MOST_LESSON_BYTES })?.toString("utf8") ?? "");

  const write = async (text: string): Promise<void> => {
    const target = path();
    await mkdir(dirname(target), { recursive: true });
    const temporary = `${target}.${randomUUID()}.tmp`;
    try {
      await writeFile(temporary, text);
      await rename(temporary, target);
    } finally {
      await rm(temporary, { force: true });
    }
  };

  const add = async (lessons: readonly Lesson[]): Promise<void> => {
    const present = await read();
    const clean = lessons.map((lesson) => ({ ...lesson, text: redactText(lesson.text, secrets) }));
    const merged = renderLessons(mergeLessons(parseLessons(present), clean));
    if (merged !== present) await write(merged);
  };

  const learn = (lessons: readonly Lesson[]): Promise<void> => {
    if (!settings.lessons || lessons.length === 0) return Promise.resolve();
    return queue
      .run(() => add(lessons))
      .catch((error: unknown) => {
        log("warn", `${LESSONS_FILE} could not be written`, { error: String(error) });
      });
  };

  const remove = async (id: string): Promise<void> => {
    const rest: LessonsFile | null = withoutLesson(parseLessons(await read()), id);
    if (rest === null) throw fail("not_found", { kind: "lesson", id });
    await write(renderLessons(rest));
  };

  return {
    learn,
    catchUp: async () => {
      if (!settings.lessons) return;
      // What can be learned from earlier runs must not delay or prevent the next one.
      const limited = AbortSignal.timeout(parts.catchUpMilliseconds ?? CATCH_UP_MILLISECONDS);
      const lessons = await lessonsOfEdits(store, workspace, limited).catch((error: unknown): Lesson[] => {
        log("warn", "edits of accepted changes could not be read", { error: String(error) });
        return [];
      });
      await learn(lessons);
    },
    list: async () => parseLessons(await read()).entries.map(({ hash: _, ...lesson }) => lesson),
    reject: (lessonId) => queue.run(() => remove(lessonId)),
    lessons: async () => {
      if (!settings.lessons) return null;
      const text = await read().catch((error: unknown) => {
        log("warn", `${LESSONS_FILE} could not be read`, { error: String(error) });
        return "";
      });
      const content = lessonsForAgents(text);
      if (content === "") return null;
      return { context_type: "Documentation", name: LESSONS_FILE, content, mime_type: "text/markdown" };
    },
  };
};
