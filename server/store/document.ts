import { keys } from "../../schemas/keys.ts";
import { collectionNames, collections, lifecycleList, placeOf, type Place } from "./collections.ts";
import { makeYield } from "./files.ts";
import { Memory, settle, textOf, type Entry, type Slab } from "./memory.ts";
import { OrderedEntries } from "./ordered.ts";
import { Recent } from "./recent.ts";
import type { CollectionName, Records } from "./store.ts";

/** Records of one collection. */
interface Shelf {
  entries: Map<string, Entry>;
  ordered: OrderedEntries;
}

/** A list as it stands in a file. */
interface ListText {
  slab: Slab;
  start: number;
  length: number;
}

/** How to take back one step of a commit that did not become durable. */
type Undo = () => void;

const QUOTE = 0x22;
/** Bytes of a list from which on it takes a noticeable time to read. */
const LONG_LIST = 40_000;
/** Parsed records that are kept: most reads are of what was just read or written. */
const RECENT = 512;

/**
 * What lowdb holds as `data`: the documented keys and their values. Values are kept as text, see
 * `memory.ts`; secondary indexes as lists of entries. Every change is also written to the memory
 * that goes to the journal next.
 */
export class StateDocument {
  readonly tenantId: string;
  readonly #prefix: string;
  readonly #memory = new Memory();
  readonly #shelves: Record<CollectionName, Shelf>;
  readonly #lists = new Map<string, OrderedEntries>();
  /** Lists as they stood in the state file; parsed when first needed. */
  readonly #unread = new Map<string, ListText>();
  readonly #recent = new Recent<Entry, unknown>(RECENT);
  #undo: Undo[] = [];
  #order = 0;
  #schemaVersion: number | null = null;
  #isEmpty = true;
  /** The record a following list line of the journal speaks of. */
  #loaded: Entry | null = null;

  constructor(tenantId: string) {
    this.tenantId = tenantId;
    this.#prefix = `/${tenantId}/`;
    const shelf = (): Shelf => ({ entries: new Map(), ordered: new OrderedEntries() });
    // Each name of the collections gets a shelf, which Object.fromEntries cannot say.
    this.#shelves = Object.fromEntries(collectionNames.map((name) => [name, shelf()])) as Record<
      CollectionName,
      Shelf
    >;
  }

  /** Whose record or list a key is; null: another tenant's, or none that this version knows. */
  locate(key: string): Place | null {
    return key.startsWith(this.#prefix) ? placeOf(key, this.#prefix.length) : null;
  }

  /** Whether nothing was loaded, of any tenant. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** Version of the layout that the files are in; null: they do not say. */
  get schemaVersion(): number | null {
    return this.#schemaVersion;
  }

  /** Says in the next write that the files are in this version's layout. */
  putSchemaVersion(version: number): void {
    this.#memory.write(`+"${keys.schemaVersion()}":${version}\n`);
    this.#schemaVersion = version;
  }

  entry(collection: CollectionName, id: string): Entry | null {
    return this.#shelves[collection].entries.get(id) ?? null;
  }

  /** All entries of a collection, in order. */
  ordered(collection: CollectionName): OrderedEntries {
    return this.#shelves[collection].ordered;
  }

  get<Name extends CollectionName>(collection: Name, id: string): Records[Name] | null {
    const entry = this.entry(collection, id);
    return entry === null ? null : this.read(collection, entry);
  }

  read<Name extends CollectionName>(_collection: Name, entry: Entry): Records[Name] {
    const known = this.#recent.get(entry);
    const record = known ?? (JSON.parse(textOf(entry)) as unknown);
    this.#recent.set(entry, record);
    // A key of this collection was given this text by `put` alone, and checksums guard it since.
    return record as Records[Name];
  }

  /** Entries of a secondary index, or of an instance's lifecycle; null if it has none. */
  list(key: string): OrderedEntries | null {
    const list = this.#lists.get(key);
    if (list !== undefined) return list;
    const text = this.#unread.get(key);
    const owner = this.locate(key)?.collection;
    if (text === undefined || owner === undefined) return null;
    const entries = new OrderedEntries();
    for (const entry of this.#members(owner, text)) entries.add(entry);
    return this.#keepList(key, entries);
  }

  /**
   * After everything was loaded: makes the long lists ready, so that none of them holds up a query,
   * and gives back the memory of texts that were replaced. Gives way to other work.
   */
  async finishLoading(): Promise<void> {
    const turn = makeYield();
    while (this.#memory.emptyOne()) await turn();
    for (const [key, text] of this.#unread) {
      const pause = turn();
      if (pause !== undefined) await pause;
      if (text.length < LONG_LIST) continue;
      const owner = this.locate(key)?.collection;
      if (owner === undefined) continue;
      const entries = new OrderedEntries();
      for (const entry of this.#members(owner, text)) {
        entries.add(entry);
        const pause = turn();
        if (pause !== undefined) await pause;
      }
      this.#keepList(key, entries);
    }
  }

  #keepList(key: string, entries: OrderedEntries): OrderedEntries {
    this.#unread.delete(key);
    this.#lists.set(key, entries);
    return entries;
  }

  /** Entries of a list's text, `["id","id"]`: ids hold nothing that JSON escapes. */
  *#members(owner: CollectionName, { slab, start, length }: ListText): Generator<Entry, undefined> {
    const { entries } = this.#shelves[owner];
    for (let from = start + 2; from < start + length - 2;) {
      const quote = slab.bytes.indexOf(QUOTE, from);
      const entry = entries.get(slab.bytes.toString("latin1", from, quote));
      // A record that is missing is the doctor's to find.
      if (entry !== undefined) yield entry;
      from = quote + 3;
    }
  }

  /** Sets a record: `json` is its text. */
  put(collection: CollectionName, id: string, json: string): Entry {
    this.#memory.write(`+"${collections[collection].segment}/${id}":`);
    const { slab, start, length } = this.#memory.write(json);
    this.#memory.write("\n");
    const known = this.entry(collection, id);
    if (known === null) this.#undo.push(() => void this.#drop(collection, id));
    else {
      const before = { ...known };
      this.#undo.push(() => {
        this.#set(known, before.slab, before.start, before.length);
      });
    }
    return this.#place(collection, id, slab, start, length);
  }

  remove(collection: CollectionName, id: string): Entry | null {
    this.#memory.write(`-"${collections[collection].segment}/${id}"\n`);
    const entry = this.#drop(collection, id);
    if (entry !== null)
      this.#undo.push(() => {
        this.#keep(collection, entry);
      });
    return entry;
  }

  /** The record that was put last joins a secondary index. */
  join(list: string, entry: Entry): void {
    this.#memory.write(`>"${list.slice(this.#prefix.length)}"\n`);
    this.#undo.push(() => {
      this.#leave(list, entry);
    });
    this.#join(list, entry);
  }

  /** The record that was put or removed last leaves a secondary index. */
  leave(list: string, entry: Entry): void {
    this.#memory.write(`<"${list.slice(this.#prefix.length)}"\n`);
    this.#undo.push(() => {
      this.#join(list, entry);
    });
    this.#leave(list, entry);
  }

  /** What the journal must be told next, and how all of it is taken back if that fails. */
  takeWritten(): { parts: Buffer[]; undo: () => void } {
    const steps = this.#undo;
    this.#undo = [];
    const undo = () => {
      for (const step of steps.reverse()) step();
    };
    return { parts: this.#memory.takeWritten(), undo };
  }

  /** Takes over a text that was read from a file: a record's or a list's. */
  load(key: string, slab: Slab, start: number, length: number): void {
    this.#isEmpty = false;
    const place = this.locate(key);
    if (key === keys.schemaVersion())
      this.#schemaVersion = Number(slab.bytes.toString("latin1", start, start + length));
    if (place === null) this.#loaded = null;
    else if (place.id === null) this.#unread.set(key, { slab, start, length });
    else {
      // Read anew: a slice of the key would keep all of the key in memory.
      const id = slab.bytes.toString("utf8", start - 2 - Buffer.byteLength(place.id), start - 2);
      this.#loaded = this.#place(place.collection, id, slab, start, length);
    }
  }

  loadRemoved(key: string): void {
    const place = this.locate(key);
    this.#loaded = place?.id == null ? null : this.#drop(place.collection, place.id);
  }

  /** The record that was loaded or removed last joins a list. */
  loadJoined(list: string): void {
    if (this.#loaded !== null) this.#join(list, this.#loaded);
  }

  loadLeft(list: string): void {
    if (this.#loaded !== null) this.#leave(list, this.#loaded);
  }

  #place(collection: CollectionName, id: string, slab: Slab, start: number, length: number): Entry {
    const known = this.entry(collection, id);
    if (known !== null) {
      this.#set(known, slab, start, length);
      return known;
    }
    const entry: Entry = { id, order: this.#order, slab, start, length };
    this.#order += 1;
    settle(entry, slab, start, length);
    this.#keep(collection, entry);
    return entry;
  }

  #set(entry: Entry, slab: Slab, start: number, length: number): void {
    const { slab: former, length: formerLength } = entry;
    this.#recent.delete(entry);
    settle(entry, slab, start, length);
    this.#memory.release(former, formerLength);
  }

  #keep(collection: CollectionName, entry: Entry): void {
    const { entries, ordered } = this.#shelves[collection];
    entries.set(entry.id, entry);
    ordered.add(entry);
    if (collection === "lifecycle") this.#join(this.#lifecycleList(entry), entry);
  }

  #drop(collection: CollectionName, id: string): Entry | null {
    const { entries, ordered } = this.#shelves[collection];
    const entry = entries.get(id);
    if (entry === undefined) return null;
    entries.delete(id);
    ordered.remove(entry);
    this.#recent.delete(entry);
    if (collection === "lifecycle") this.#leave(this.#lifecycleList(entry), entry);
    return entry;
  }

  #lifecycleList(entry: Entry): string {
    return lifecycleList(this.tenantId, entry.id.slice(0, entry.id.indexOf("/")));
  }

  #join(key: string, entry: Entry): void {
    let list = this.list(key);
    if (list === null) {
      list = new OrderedEntries();
      this.#lists.set(key, list);
    }
    list.add(entry);
  }

  #leave(key: string, entry: Entry): void {
    const list = this.list(key);
    list?.remove(entry);
    if (list?.size === 0) this.#lists.delete(key);
  }
}
