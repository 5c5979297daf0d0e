/**
 * Records are kept as JSON text in slabs of a megabyte, and parsed when needed. A state of 100 MB therefore
 * takes little more than 100 MB, and the garbage collector has few objects to visit.
 */
export interface Slab {
  readonly bytes: Buffer;
  /** The number of bytes that texts still use. */
  live: number;
  /** All entries that were ever put here, in order. Entries that have moved are skipped. */
  readonly entries: Entry[];
  /** `loaded` is a piece of a file. `filling` and `full` are our own buffers; a full one takes no more text. */
  state: "loaded" | "filling" | "full" | "emptied";
}

/** The place of a stored record's text. The record's order in its collection never changes. */
export interface Entry {
  readonly id: string;
  readonly order: number;
  /** Keys of the secondary indexes that have it; null if it was read from a file and not needed since. */
  lists: readonly string[] | null;
  slab: Slab;
  start: number;
  length: number;
}

const SLAB = 1 << 20;
/** A slab is emptied if texts use less than this share of it, so that unused memory stays bounded. */
const SPARSE = 0.6;
/** One slab is emptied for every so many written bytes, which is faster than writes can make slabs sparse. */
const EMPTY_PER = 256 * 1024;

/** The maximum number of buffers that are kept for new slabs. */
const MOST_FREE = 16;

export const newSlab = (bytes: Buffer, state: "loaded" | "filling"): Slab => ({
  bytes,
  live: 0,
  entries: [],
  state,
});

/** The text of an entry. */
export const textOf = (entry: Entry): string =>
  entry.slab.bytes.toString("utf8", entry.start, entry.start + entry.length);

/** Sets the text of an entry to a place in a slab. */
export const settle = (entry: Entry, slab: Slab, start: number, length: number): void => {
  entry.slab = slab;
  entry.start = start;
  entry.length = length;
  slab.live += length;
  slab.entries.push(entry);
};

/**
 * Memory into which texts are written one after the other. What was written since the last `takeWritten` is
 * appended to the journal without copying it.
 */
export class Memory {
  #slab = newSlab(Buffer.allocUnsafeSlow(SLAB), "filling");
  #used = 0;
  #taken = 0;
  #written: Buffer[] = [];
  /** Slabs to empty one by one, because many become sparse at the same time. */
  readonly #sparse = new Set<Slab>();
  /** Texts of sparse slabs move to this slab, which is never appended to the journal. */
  #moved = newSlab(Buffer.allocUnsafeSlow(0), "filling");
  #movedUsed = 0;
  /**
   * Buffers of slabs that were emptied since the last `takeWritten`. They cannot be reused yet: they may be
   * part of the current write, or be needed to undo it.
   */
  #emptied: Buffer[] = [];
  /** Buffers for reuse, because creating and freeing many of them keeps the garbage collector busy. */
  #free: Buffer[] = [];

  /** Writes text. Returns its place and its length in bytes. */
  write(text: string): { slab: Slab; start: number; length: number } {
    // A UTF-16 unit takes at most three bytes, so exact counting is only necessary near the end.
    if (this.#slab.bytes.length - this.#used < text.length * 3) this.#ensure(Buffer.byteLength(text));
    const start = this.#used;
    const length = this.#slab.bytes.write(text, start);
    this.#used += length;
    return { slab: this.#slab, start, length };
  }

  /** Records that an entry no longer uses its place. */
  release(slab: Slab, length: number): void {
    slab.live -= length;
    const isDone = slab.state === "loaded" || slab.state === "full";
    if (isDone && slab.live < slab.bytes.length * SPARSE) this.#sparse.add(slab);
  }

  /** The number of bytes that were written since the last `takeWritten`. */
  get waiting(): number {
    return this.#used - this.#taken + this.#written.reduce((sum, part) => sum + part.length, 0);
  }

  /** Takes what was written since the last call, in order. The result of that call must be durable by now. */
  takeWritten(): Buffer[] {
    this.#free = [...this.#free, ...this.#emptied].slice(0, MOST_FREE);
    this.#emptied = [];
    const written = this.#written;
    this.#written = [];
    if (this.#used > this.#taken) written.push(this.#slab.bytes.subarray(this.#taken, this.#used));
    this.#taken = this.#used;
    return written;
  }

  /** Call this right after `takeWritten`. It frees memory in proportion to the bytes that were taken. */
  giveBack(written: number): void {
    for (let slabs = Math.ceil(written / EMPTY_PER); slabs > 0 && this.emptyOne(); slabs -= 1);
  }

  /** Moves the remaining texts of one sparse slab away. Returns false if there is none. */
  emptyOne(): boolean {
    const [slab] = this.#sparse;
    if (slab === undefined) return false;
    this.#sparse.delete(slab);
    this.#empty(slab);
    return true;
  }

  #ensure(length: number): void {
    if (this.#slab.bytes.length - this.#used >= length) return;
    if (this.#used > this.#taken) this.#written.push(this.#slab.bytes.subarray(this.#taken, this.#used));
    const full = this.#slab;
    this.#slab = this.#newSlab(length);
    this.#used = 0;
    this.#taken = 0;
    full.state = "full";
    this.release(full, 0);
  }

  #empty(slab: Slab): void {
    for (const entry of slab.entries) {
      if (entry.slab !== slab) continue;
      if (this.#moved.bytes.length - this.#movedUsed < entry.length) this.#newMoved(entry.length);
      const start = this.#movedUsed;
      slab.bytes.copy(this.#moved.bytes, start, entry.start, entry.start + entry.length);
      this.#movedUsed += entry.length;
      settle(entry, this.#moved, start, entry.length);
    }
    slab.entries.length = 0;
    slab.live = 0;
    // A buffer that was read from a file may also contain lists.
    if (slab.state === "full" && slab.bytes.length === SLAB) this.#emptied.push(slab.bytes);
    slab.state = "emptied";
  }

  #newMoved(length: number): void {
    this.#moved.state = "full";
    this.#moved = this.#newSlab(length);
    this.#movedUsed = 0;
  }

  #newSlab(length: number): Slab {
    const known = length <= SLAB ? this.#free.pop() : undefined;
    return newSlab(known ?? Buffer.allocUnsafeSlow(Math.max(SLAB, length)), "filling");
  }
}
