import { fail } from "../../schemas/errors.ts";
import { timerMs } from "../../schemas/primitives.ts";

/** How long an execution waits for the user's answer. */
export const PATIENCE_MS = 5 * 60_000;

/**
 * Open questions by ID. They are not stored, so an execution that resumes in another runtime asks again.
 */
export class OpenQuestions<Request, Answer> {
  readonly #open = new Map<string, { request: Request; answered: PromiseWithResolvers<Answer | null> }>();

  /** The open questions, oldest first. */
  list(): Request[] {
    return [...this.#open.values()].map(({ request }) => request);
  }

  /** Waits for an answer. Null: nobody answered in time, or the signal aborted. */
  async wait(id: string, request: Request, patienceMs: number, signal: AbortSignal): Promise<Answer | null> {
    const answered = Promise.withResolvers<Answer | null>();
    const giveUp = (): void => {
      answered.resolve(null);
    };
    this.#open.set(id, { request, answered });
    const timer = setTimeout(giveUp, timerMs(patienceMs));
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
    try {
      return await answered.promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
      this.#open.delete(id);
    }
  }

  /** The question with this ID. Errors: `not_found` if it is no longer open. */
  demand(id: string): Request {
    return this.#demand(id).request;
  }

  /** Errors: `not_found` if no question with this ID is open. */
  answer(id: string, answer: Answer): void {
    const { answered } = this.#demand(id);
    // Only the first answer counts, even if nothing has read it yet.
    this.#open.delete(id);
    answered.resolve(answer);
  }

  #demand(id: string) {
    const question = this.#open.get(id);
    if (question === undefined) throw fail("not_found", { kind: "question", id });
    return question;
  }
}
