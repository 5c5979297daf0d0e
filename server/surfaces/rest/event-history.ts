import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { RuntimeEvent } from "../../../schemas/events.ts";

/** The number of events that a reader can get after its connection broke. */
const KEPT_EVENTS = 2000;
/**
 * The number of listeners that get an event in one turn. With many listeners, other work must run in between.
 */
const TOLD_PER_TURN = 50;
/** With more waiting events than this, there are no pauses, so that they do not fill the memory. */
const MOST_WAITING = 200;

export interface NumberedEvent {
  /** Its position in this history, for `Last-Event-ID`. */
  id: string;
  event: RuntimeEvent;
  /** The event as a server-sent event, created once for all listeners. */
  readonly bytes: Buffer;
}

/** The bytes are created when the first listener needs them. */
const numbered = (id: string, event: RuntimeEvent): NumberedEvent => {
  let bytes: Buffer | null = null;
  return {
    id,
    event,
    get bytes() {
      return (bytes ??= Buffer.from(`id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`));
    },
  };
};

interface Listener {
  /** The number of the last event before it started to listen. */
  since: number;
  tell: (event: NumberedEvent) => void;
}

export type Subscribe = (listener: (event: RuntimeEvent) => void) => () => void;

/** The latest events of a runtime, each with an ID, so that a stream can resume. */
export class EventHistory {
  /** Distinguishes the IDs of this process from those of an earlier one. */
  readonly #epoch = randomBytes(6).toString("hex");
  readonly #kept: RuntimeEvent[] = [];
  readonly #listeners = new Set<Listener>();
  readonly #stop: () => void;
  /** Events that some listeners have not received yet. */
  readonly #waiting: { number: number; told: NumberedEvent }[] = [];
  #isTelling = false;
  #count = 0;

  constructor(subscribe: Subscribe) {
    this.#stop = subscribe((event) => {
      this.#kept.push(event);
      if (this.#kept.length > KEPT_EVENTS) this.#kept.shift();
      this.#count += 1;
      if (this.#listeners.size === 0) return;
      this.#waiting.push({ number: this.#count, told: numbered(this.#idOf(this.#count), event) });
      if (!this.#isTelling) void this.#tell();
    });
  }

  /**
   * Calls the listener with every event after `after`, or from now on if that is null. Returns a function
   * that stops it. `isComplete` is false if some events after `after` are no longer stored.
   */
  follow(
    after: string | null,
    listener: (event: NumberedEvent) => void,
  ): { isComplete: boolean; missed: NumberedEvent[]; stop: () => void } {
    const missed = after === null ? [] : this.#after(after);
    const entry: Listener = { since: this.#count, tell: listener };
    this.#listeners.add(entry);
    return {
      isComplete: missed !== null,
      missed: missed ?? [],
      stop: () => this.#listeners.delete(entry),
    };
  }

  /** The ID of the latest event, or of the start. */
  get latest(): string {
    return this.#idOf(this.#count);
  }

  close(): void {
    this.#stop();
    this.#listeners.clear();
  }

  /** Sends the waiting events to every listener in order. The first events are sent immediately. */
  async #tell(): Promise<void> {
    this.#isTelling = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      let told = 0;
      for (const entry of this.#listeners) {
        if (entry.since < next.number) this.#tellOne(entry, next.told);
        told += 1;
        if (told % TOLD_PER_TURN === 0 && this.#waiting.length < MOST_WAITING) await setImmediate();
      }
    }
    this.#isTelling = false;
  }

  /** A listener that fails gets no more events and does not affect the others. */
  #tellOne(entry: Listener, told: NumberedEvent): void {
    try {
      entry.tell(told);
    } catch {
      this.#listeners.delete(entry);
    }
  }

  #idOf(number: number): string {
    return `${this.#epoch}-${number}`;
  }

  /** The events after an ID. Null if they are unknown. */
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
