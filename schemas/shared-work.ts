import { untilAborted } from "./abortable.ts";

/** One piece of work for several callers. It is cancelled when no caller waits for it. */
export class SharedWork<Value> {
  readonly #work: Promise<Value>;
  readonly #abandoned = new AbortController();
  #callers = 0;

  constructor(work: (signal: AbortSignal) => Promise<Value>) {
    this.#work = work(this.#abandoned.signal);
    // Callers that have left are not notified.
    this.#work.catch(() => undefined);
  }

  /** Whether its last caller has left, so that no others can join. */
  get isAbandoned(): boolean {
    return this.#abandoned.signal.aborted;
  }

  /** Settles as the work does, or rejects with `reason()` when the caller's signal aborts. */
  async join(signal: AbortSignal, reason: () => Error): Promise<Value> {
    this.#callers += 1;
    try {
      return await untilAborted(this.#work, signal, reason);
    } finally {
      this.#callers -= 1;
      if (this.#callers === 0) this.#abandoned.abort();
    }
  }
}
