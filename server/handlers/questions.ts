import type { HandlerContext, HandlersOf } from "./context.ts";

/** What tool servers ask the user while agents work. */
export const questionHandlers = ({ questions }: HandlerContext): HandlersOf<"questions"> => ({
  "questions/list": () => ({ items: questions.list() }),

  "questions/answer": ({ question_id, answer }) => {
    questions.answer(question_id, answer);
    return {};
  },
});
