import { makeYield } from "./files.ts";
import type { Entry, Slab } from "./memory.ts";
import { OrderedEntries } from "./ordered.ts";

/** A list as it is in a file, `["id","id"]`, and its records. */
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
/** Bytes of a list from which on it takes a noticeable time to read. */
const LONG_LIST = 40_000;

/** The secondary indexes: lists of entries, by key. */
export class Lists {
  readonly #lists = new Map<string, List>();
  /** Lists as the state file has them; read when first needed. */
  readonly #unread = new Map<string, ListText>();

  /** Entries of a list; null if it has none. */
  get(key: string): OrderedEntries | null {
    return this.#find(key)?.entries ?? null;
  }

  /** Adds an entry to a list. Returns the key as it is held here, so that many can share it. */
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

  /** Reads the long lists, so that none of them holds up a query. Gives way to other work. */
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

/** Entries of a list's text: ids hold nothing that JSON escapes. */
function* members({ slab, start, length, records }: ListText): Generator<Entry, undefined> {
  for (let from = start + 2; from < start + length - 2;) {
    const quote = slab.bytes.indexOf(QUOTE, from);
    const entry = records.get(slab.bytes.toString("latin1", from, quote));
    // A record that is missing is the doctor's to find.
    if (entry !== undefined) yield entry;
    from = quote + 3;
  }
}
