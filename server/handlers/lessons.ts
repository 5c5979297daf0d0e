import type { HandlerContext, HandlersOf } from "./context.ts";

/** What was learned from the user's feedback: where it comes from, and the way to reject it. */
export const lessonHandlers = ({ feedback }: HandlerContext): HandlersOf<"lessons"> => ({
  "lessons/list": async () => ({ items: await feedback.list() }),

  "lessons/reject": async ({ lesson_id }) => {
    await feedback.reject(lesson_id);
    return {};
  },
});
