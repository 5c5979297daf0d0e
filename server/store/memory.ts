/**
 * Records are kept as JSON text in slabs of a megabyte and parsed when they are asked for: a state
 * of 100 MB costs little more than 100 MB, and the collector has few objects to look at.
 */
export interface Slab {
  readonly bytes: Buffer;
  /** Bytes of it that a text still uses. */
  live: number;
  /** All entries that were ever put here, in order. Entries that have moved are skipped. */
  readonly entries: Entry[];
  /**
   * `loaded`: a piece of a file; `filling` and `full`: buffers of our own, of which a full one takes no
   * more.
   */
  state: "loaded" | "filling" | "full" | "emptied";
}

/** Where a stored record's text is. Its place in the order of its collection never changes. */
export interface Entry {
  readonly id: string;
  readonly order: number;
  /** Keys of the secondary indexes that have it; null: read from a file, and not asked for since. */
  lists: readonly string[] | null;
  slab: Slab;
  start: number;
  length: number;
}

const SLAB = 1 << 20;
/** A slab with less than this share alive is emptied, so that garbage stays bounded. */
const SPARSE = 0.6;
/** A slab is emptied for each so many bytes that are written: more than they can make sparse. */
const EMPTY_PER = 256 * 1024;

/** Buffers that are kept for new slabs. */
const MOST_FREE = 16;

export const newSlab = (bytes: Buffer, state: "loaded" | "filling"): Slab => ({
  bytes,
  live: 0,
  entries: [],
  state,
});

/** Text of an entry. */
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
 * Memory into which text is written one behind the other. What was written since the last
 * `takeWritten` goes to the journal as it is, without a copy.
 */
export class Memory {
  #slab = newSlab(Buffer.allocUnsafeSlow(SLAB), "filling");
  #used = 0;
  #taken = 0;
  #written: Buffer[] = [];
  /** Slabs to empty one by one, because many become sparse at the same time. */
  readonly #sparse = new Set<Slab>();
  /** Texts of sparse slabs move here: never a part of what goes to the journal. */
  #moved = newSlab(Buffer.allocUnsafeSlow(0), "filling");
  #movedUsed = 0;
  /**
   * Buffers of slabs that were emptied since the last `takeWritten`: they may be what is being
   * written, or what goes back to its place if that fails.
   */
  #emptied: Buffer[] = [];
  /** Buffers for reuse, because creating and freeing many of them keeps the garbage collector busy. */
  #free: Buffer[] = [];

  /** Writes text and returns where it begins and how many bytes it has. */
  write(text: string): { slab: Slab; start: number; length: number } {
    // A UTF-16 unit becomes three bytes at most; counting exactly is only worth it near the end.
    if (this.#slab.bytes.length - this.#used < text.length * 3) this.#ensure(Buffer.byteLength(text));
    const start = this.#used;
    const length = this.#slab.bytes.write(text, start);
    this.#used += length;
    return { slab: this.#slab, start, length };
  }

  /** Forgets that an entry was at its place. */
  release(slab: Slab, length: number): void {
    slab.live -= length;
    const isDone = slab.state === "loaded" || slab.state === "full";
    if (isDone && slab.live < slab.bytes.length * SPARSE) this.#sparse.add(slab);
  }

  /** Bytes that were written since the last `takeWritten`. */
  get waiting(): number {
    return this.#used - this.#taken + this.#written.reduce((sum, part) => sum + part.length, 0);
  }

  /** What was written since the last call, in order. What that call gave has to be durable by now. */
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

  /** Moves away what is left in one sparse slab; false if there is none. */
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
    // What a file was read into may hold lists too.
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
