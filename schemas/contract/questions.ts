import { z } from "zod";
import { Uuid } from "../primitives.ts";
import { QuestionAnswer, ServerQuestion } from "../questions.ts";
import { Nothing, row } from "./row.ts";

/** Methods on what tool servers ask the user while agents work. */
export const questionMethods = {
  /** The questions that calls of agents wait for. */
  "questions/list": row("viewer", Nothing, z.strictObject({ items: z.array(ServerQuestion) }), {
    verb: "GET",
    path: "/api/questions",
  }),
  /**
   * Answers one of them. Errors: `invalid_params` if a value does not fit its field, `not_found` if it
   * was answered already, or its call no longer waits.
   */
  "questions/answer": row("admin", z.strictObject({ question_id: Uuid, answer: QuestionAnswer }), Nothing, {
    verb: "POST",
    path: "/api/questions/{question_id}",
    status: 204,
  }),
} as const;
