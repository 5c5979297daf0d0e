import { randomUUID } from "node:crypto";
import { type CoditectError, fail } from "../../schemas/errors.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import { createLocalizer } from "../../schemas/localizer.ts";
import { fieldProblem, type QuestionAnswer, type ServerQuestion } from "../../schemas/questions.ts";
import { OpenQuestions, PATIENCE_MS } from "./open-questions.ts";

const l10n = createLocalizer({});

export interface ServerQuestionsParts {
  emit: (event: RuntimeEvent) => void;
  now: () => string;
  /** Left out: five minutes. */
  patienceMs?: number;
}

/** What tool servers ask the user during calls of agents. Specification of MCP: "Elicitation". */
export class ServerQuestions {
  readonly #parts: ServerQuestionsParts;
  readonly #open = new OpenQuestions<ServerQuestion, QuestionAnswer>();

  constructor(parts: ServerQuestionsParts) {
    this.#parts = parts;
  }

  /** What calls wait for at the moment, oldest first. */
  list(): ServerQuestion[] {
    return this.#open.list();
  }

  /** Asks the user. `cancel`: nobody answered in time, or the call is over. */
  async ask(
    wanted: Omit<ServerQuestion, "question_id" | "asked_at">,
    signal: AbortSignal,
  ): Promise<QuestionAnswer> {
    const { emit, now, patienceMs = PATIENCE_MS } = this.#parts;
    const question = { ...wanted, question_id: randomUUID(), asked_at: now() };
    const { question_id, task_id, execution_id } = question;
    const answered = this.#open.wait(question_id, question, patienceMs, signal);
    emit({ type: "question.needed", at: now(), task_id, question });
    const answer = (await answered) ?? { action: "cancel" as const };
    const { action } = answer;
    emit({ type: "question.settled", at: now(), task_id, execution_id, question_id, action });
    return answer;
  }

  /** Answers a question. Errors: `not_found`, `invalid_params`. */
  answer(questionId: string, answer: QuestionAnswer): void {
    const { server, fields } = this.#open.demand(questionId);
    if (answer.action === "accept") {
      const given = new Map(Object.entries(answer.values));
      for (const field of fields) {
        const problem = fieldProblem(field, given.get(field.name), l10n);
        if (problem !== null) throw invalid(server, `${field.title}: ${problem}`);
        given.delete(field.name);
      }
      for (const name of given.keys()) throw invalid(server, `the server did not ask for ${name}`);
    }
    this.#open.answer(questionId, answer);
  }
}

const invalid = (server: string, problems: string): CoditectError =>
  fail("invalid_params", { what: `The answer to ${server}`, problems });
