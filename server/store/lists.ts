import { makeYield } from "./files.ts";
import type { Entry, Slab } from "./memory.ts";
import { OrderedEntries } from "./ordered.ts";

/** The text of a list in a file, `["id","id"]`, and its records. */
interface ListText {
  slab: Slab;
  start: number;
  length: number;
  records: ReadonlyMap<string, Entry>;
}

interface List {
  key: string;
  entries: OrderedEntries;
}

const QUOTE = 0x22;
/** Reading a list with at least this many bytes takes a noticeable time. */
const LONG_LIST = 40_000;

/** The secondary indexes: lists of entries, by key. */
export class Lists {
  readonly #lists = new Map<string, List>();
  /** Lists of the state file that were not needed yet. They are parsed when first needed. */
  readonly #unread = new Map<string, ListText>();

  /** Entries of a list; null if it has none. */
  get(key: string): OrderedEntries | null {
    return this.#find(key)?.entries ?? null;
  }

  /** Adds an entry to a list. Returns the list's own copy of the key, so that many entries can share it. */
  join(key: string, entry: Entry): string {
    const list = this.#find(key) ?? this.#keep(key, new OrderedEntries());
    list.entries.add(entry);
    return list.key;
  }

  leave(key: string, entry: Entry): void {
    const entries = this.get(key);
    entries?.remove(entry);
    if (entries?.size === 0) this.#lists.delete(key);
  }

  /** Takes over a list that was read from a file. */
  load(key: string, text: ListText): void {
    this.#unread.set(key, text);
  }

  /** Parses the long lists, so that none of them delays a query. Yields to other work. */
  async readLong(): Promise<void> {
    const turn = makeYield();
    for (const [key, text] of this.#unread) {
      const pause = turn();
      if (pause !== undefined) await pause;
      if (text.length < LONG_LIST) continue;
      const entries = new OrderedEntries();
      for (const entry of members(text)) {
        entries.add(entry);
        const pause = turn();
        if (pause !== undefined) await pause;
      }
      this.#keep(key, entries);
    }
  }

  #find(key: string): List | null {
    const list = this.#lists.get(key);
    if (list !== undefined) return list;
    const text = this.#unread.get(key);
    if (text === undefined) return null;
    const entries = new OrderedEntries();
    for (const entry of members(text)) entries.add(entry);
    return this.#keep(key, entries);
  }

  #keep(key: string, entries: OrderedEntries): List {
    const list = { key, entries };
    this.#unread.delete(key);
    this.#lists.set(key, list);
    return list;
  }
}

/** The entries of a list's text. IDs contain no characters that JSON escapes. */
function* members({ slab, start, length, records }: ListText): Generator<Entry, undefined> {
  for (let from = start + 2; from < start + length - 2;) {
    const quote = slab.bytes.indexOf(QUOTE, from);
    const entry = records.get(slab.bytes.toString("latin1", from, quote));
    // The doctor reports missing records.
    if (entry !== undefined) yield entry;
    from = quote + 3;
  }
}
