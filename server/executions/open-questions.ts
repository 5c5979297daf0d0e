import { fail } from "../../schemas/errors.ts";
import { timerMs } from "../../schemas/primitives.ts";

/** How long work waits for the user. */
export const PATIENCE_MS = 5 * 60_000;

/**
 * Questions that work waits for, by their ids. They live as long as the runtime: an execution that resumes
 * asks again.
 */
export class OpenQuestions<Request, Answer> {
  readonly #open = new Map<string, { request: Request; answered: PromiseWithResolvers<Answer | null> }>();

  /** Those that wait at the moment, oldest first. */
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

  /** What is asked. Errors: `not_found` where none of this id is open any more. */
  demand(id: string): Request {
    return this.#demand(id).request;
  }

  /** Errors: `not_found` where none of this id is open any more. */
  answer(id: string, answer: Answer): void {
    const { answered } = this.#demand(id);
    // A second answer comes too late, though the first one is not yet taken up.
    this.#open.delete(id);
    answered.resolve(answer);
  }

  #demand(id: string) {
    const question = this.#open.get(id);
    if (question === undefined) throw fail("not_found", { kind: "question", id });
    return question;
  }
}
