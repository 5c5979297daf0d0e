import type { Entry } from "./memory.ts";

/** A larger block is split, so that a change moves few entries even in a long list. */
const BLOCK = 1024;

/** Entries in the order in which their records were first put. */
export class OrderedEntries {
  /** Blocks of sorted entries, in order. No block is empty. */
  readonly #blocks: Entry[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds an entry unless it exists. */
  add(entry: Entry): void {
    const last = this.#blocks.at(-1);
    const end = last?.at(-1);
    if (last === undefined || end === undefined) this.#blocks.push([entry]);
    else if (entry.order > end.order) {
      if (last.length < BLOCK) last.push(entry);
      else this.#blocks.push([entry]);
    } else {
      const index = this.#blockOf(entry.order);
      const block = this.#blocks[index] ?? last;
      const place = firstFrom(block, entry.order);
      if (block[place]?.order === entry.order) return;
      block.splice(place, 0, entry);
      if (block.length > BLOCK) this.#blocks.splice(index + 1, 0, block.splice(BLOCK / 2));
    }
    this.#size += 1;
  }

  /** Removes an entry; does nothing if it is not there. */
  remove(entry: Entry): void {
    const index = this.#blockOf(entry.order);
    const block = this.#blocks[index];
    if (block === undefined) return;
    const place = firstFrom(block, entry.order);
    if (block[place]?.order !== entry.order) return;
    block.splice(place, 1);
    if (block.length === 0) this.#blocks.splice(index, 1);
    this.#size -= 1;
  }

  /** Entries with a greater order, ascending. */
  *after(order: number): Generator<Entry, undefined> {
    const first = this.#blockOf(order);
    for (let index = first; index < this.#blocks.length; index += 1) {
      const block = this.#blocks[index] ?? [];
      for (let place = index === first ? firstFrom(block, order + 1) : 0; place < block.length; place += 1) {
        const entry = block[place];
        if (entry !== undefined) yield entry;
      }
    }
  }

  /** Entries with a smaller order, descending. */
  *before(order: number): Generator<Entry, undefined> {
    const first = Math.min(this.#blockOf(order), this.#blocks.length - 1);
    for (let index = first; index >= 0; index -= 1) {
      const block = this.#blocks[index] ?? [];
      for (
        let place = (index === first ? firstFrom(block, order) : block.length) - 1;
        place >= 0;
        place -= 1
      ) {
        const entry = block[place];
        if (entry !== undefined) yield entry;
      }
    }
  }

  /** The first block whose last entry is not before `order`; their count if there is none. */
  #blockOf(order: number): number {
    return lowest(this.#blocks.length, (index) => (this.#blocks[index]?.at(-1)?.order ?? 0) >= order);
  }
}

const firstFrom = (block: readonly Entry[], order: number): number =>
  lowest(block.length, (place) => (block[place]?.order ?? 0) >= order);

/** The lowest number below `length` for which `holds` is true, and `length` if there is none. */
const lowest = (length: number, holds: (place: number) => boolean): number => {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
};
