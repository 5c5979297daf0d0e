/** Work whose turn comes when all that was asked for before it is done. */
export interface Turn<Result> {
  /** If nothing is before it, begins now instead of in a microtask. */
  begin: () => void;
  done: Promise<Result>;
}

/** Does one piece of work after another. One that fails holds up nothing. */
export class SerialQueue {
  #count = 0;
  #last: Promise<void> = Promise.resolve();

  /** Resolves when all that was asked for until now is done, or failed. */
  get over(): Promise<void> {
    return this.#last;
  }

  /** Does the work when its turn comes, and settles as the work does. */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.take(work).done;
  }

  /** The same for work that can begin before the next microtask. */
  take<Result>(work: () => Promise<Result>): Turn<Result> {
    let result: Promise<Result> | null = null;
    const start = () => (result ??= work());
    const leave = () => {
      this.#count -= 1;
    };
    const done = this.#last.then(start);
    this.#count += 1;
    this.#last = done.then(leave, leave);
    const begin = () => {
      // `done` reports its failure.
      if (this.#count === 1) start().catch(() => undefined);
    };
    return { begin, done };
  }
}
