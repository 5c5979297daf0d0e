import { z } from "zod";
import { Uuid } from "./primitives.ts";

/** What the user did that a lesson was drawn from. */
export const LessonOrigin = z.strictObject({
  kind: z.enum(["edit", "dismissal", "discard", "rating"]),
  /** Day of the feedback, `YYYY-MM-DD` (UTC). */
  day: z.iso.date(),
  /** The run whose work it was about. */
  task_id: Uuid,
});
export type LessonOrigin = z.infer<typeof LessonOrigin>;

/** One entry of `.coditect/lessons.md`. */
export const Lesson = z.strictObject({
  /** The same for the same subject, so that a lesson is updated and not repeated. */
  lesson_id: z.string().regex(/^[0-9a-f]{12}$/),
  /** A Markdown list item; further lines are indented. */
  text: z.string(),
  /** `null`: written by a version that did not keep it. */
  origin: LessonOrigin.nullable(),
});
export type Lesson = z.infer<typeof Lesson>;
