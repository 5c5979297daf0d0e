import { randomBytes } from "node:crypto";
import type { RuntimeEvent } from "../../../schemas/events.ts";

/** Events that a reader can be given again after its connection broke. */
const KEPT_EVENTS = 2000;

export interface NumberedEvent {
  /** Its place in this history, for `Last-Event-ID`. */
  id: string;
  event: RuntimeEvent;
  /** Its JSON text, made once for all listeners. */
  readonly json: string;
}

/** The text is made when the first listener asks for it. */
const numbered = (id: string, event: RuntimeEvent): NumberedEvent => {
  let json: string | null = null;
  return {
    id,
    event,
    get json() {
      return (json ??= JSON.stringify(event));
    },
  };
};

export type Subscribe = (listener: (event: RuntimeEvent) => void) => () => void;

/** The latest events of a runtime, each with an id, so that a stream can be resumed. */
export class EventHistory {
  /** Tells the ids of this process from those of an earlier one. */
  readonly #epoch = randomBytes(6).toString("hex");
  readonly #kept: RuntimeEvent[] = [];
  readonly #listeners = new Set<(event: NumberedEvent) => void>();
  readonly #stop: () => void;
  #count = 0;

  constructor(subscribe: Subscribe) {
    this.#stop = subscribe((event) => {
      this.#kept.push(event);
      if (this.#kept.length > KEPT_EVENTS) this.#kept.shift();
      this.#count += 1;
      const told = numbered(this.#idOf(this.#count), event);
      for (const listener of this.#listeners) listener(told);
    });
  }

  /**
   * Calls the listener with every event after `after`, or from now on if that is null; returns how to
   * stop. `isComplete` is false if events after `after` are not kept any more.
   */
  follow(
    after: string | null,
    listener: (event: NumberedEvent) => void,
  ): { isComplete: boolean; missed: NumberedEvent[]; stop: () => void } {
    const missed = after === null ? [] : this.#after(after);
    this.#listeners.add(listener);
    return {
      isComplete: missed !== null,
      missed: missed ?? [],
      stop: () => this.#listeners.delete(listener),
    };
  }

  /** The id of the latest event, or of the beginning. */
  get latest(): string {
    return this.#idOf(this.#count);
  }

  close(): void {
    this.#stop();
    this.#listeners.clear();
  }

  #idOf(number: number): string {
    return `${this.#epoch}-${number}`;
  }

  /** The events behind an id; null: they are not known. */
  #after(id: string): NumberedEvent[] | null {
    const [epoch, text = ""] = id.split("-");
    const number = Number(text);
    const first = this.#count - this.#kept.length;
    if (epoch !== this.#epoch || !/^\d{1,15}$/.test(text) || number < first || number > this.#count)
      return null;
    return this.#kept
      .slice(number - first)
      .map((event, index) => numbered(this.#idOf(number + index + 1), event));
  }
}
