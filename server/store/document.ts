import { keys } from "../../schemas/keys.ts";
import { collectionNames, collections, lifecycleList, listsOf, placeOf, type Place } from "./collections.ts";
import { makeYield } from "./files.ts";
import { Lists } from "./lists.ts";
import { Memory, settle, textOf, type Entry, type Slab } from "./memory.ts";
import { OrderedEntries } from "./ordered.ts";
import { Recent } from "./recent.ts";
import type { CollectionName, Records } from "./store.ts";

/** The records of one collection. */
interface Shelf {
  entries: Map<string, Entry>;
  ordered: OrderedEntries;
}

/** How to undo one step of a commit that did not become durable. */
type Undo = () => void;

/** The number of parsed records that are kept, because most reads repeat recent reads and writes. */
const RECENT = 512;

/**
 * The `data` of lowdb: the documented keys and their values. Values are kept as text (see `memory.ts`),
 * secondary indexes as lists of entries. Every change is also written to the memory that is appended to the
 * journal next.
 */
export class StateDocument {
  readonly tenantId: string;
  readonly #prefix: string;
  readonly #memory = new Memory();
  readonly #shelves: Record<CollectionName, Shelf>;
  readonly #lists = new Lists();
  readonly #recent = new Recent<Entry, unknown>(RECENT);
  #undo: Undo[] = [];
  #order = 0;
  #schemaVersion: number | null = null;
  #isEmpty = true;
  #hasOtherTenants = false;
  /** The record to which the following list lines of the journal belong. */
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

  /** The record or list that a key names; null if it is another tenant's or this version does not know it. */
  locate(key: string): Place | null {
    return key.startsWith(this.#prefix) ? placeOf(key, this.#prefix.length) : null;
  }

  /** Whether nothing was loaded, of any tenant. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** Whether records of another tenant were loaded with this one's. */
  get hasOtherTenants(): boolean {
    return this.#hasOtherTenants;
  }

  /** The version of the layout of the files; null if they do not name it. */
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
    // Only `put` sets the text of a key in this collection, and checksums protect it from then on.
    return record as Records[Name];
  }

  /** Entries of a secondary index, or of an instance's lifecycle; null if it has none. */
  list(key: string): OrderedEntries | null {
    return this.#lists.get(key);
  }

  /** Keys of the secondary indexes that have a record. */
  listsOf(collection: CollectionName, id: string): readonly string[] {
    const entry = this.entry(collection, id);
    if (entry === null) return [];
    entry.lists ??= listsOf(collection, this.tenantId, this.read(collection, entry));
    return entry.lists;
  }

  /**
   * Call this after everything was loaded. It reads the long lists, frees the memory of texts that were
   * replaced, and yields to other work.
   */
  async finishLoading(): Promise<void> {
    const turn = makeYield();
    while (this.#memory.emptyOne()) await turn();
    await this.#lists.readLong();
  }

  /** Sets a record: `json` is its text. */
  put(collection: CollectionName, id: string, json: string): Entry {
    this.#memory.write(`+"${collections[collection].segment}/${id}":`);
    const { slab, start, length } = this.#memory.write(json);
    this.#memory.write("\n");
    const known = this.entry(collection, id);
    if (known === null) this.#undo.push(() => void this.#drop(collection, id));
    else {
      const { slab, start, length } = known;
      this.#undo.push(() => {
        this.#set(known, slab, start, length);
      });
    }
    return this.#place(collection, { id, lists: [], slab, start, length });
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

  /** Adds the last record that was put to a secondary index. */
  join(list: string, entry: Entry): void {
    this.#memory.write(`>"${list.slice(this.#prefix.length)}"\n`);
    this.#undo.push(() => {
      this.#leave(list, entry);
    });
    this.#join(list, entry);
  }

  /** Removes the last record that was put or removed from a secondary index. */
  leave(list: string, entry: Entry): void {
    this.#memory.write(`<"${list.slice(this.#prefix.length)}"\n`);
    this.#undo.push(() => {
      this.#join(list, entry);
    });
    this.#leave(list, entry);
  }

  /** The number of bytes that wait for the next write to the journal. */
  get waiting(): number {
    return this.#memory.waiting;
  }

  /** Takes the bytes to append to the journal next, with a function that undoes their changes. */
  takeWritten(): { parts: Buffer[]; undo: () => void } {
    const steps = this.#undo;
    this.#undo = [];
    const undo = () => {
      for (const step of steps.reverse()) step();
    };
    return { parts: this.#memory.takeWritten(), undo };
  }

  /** Frees about as much memory as these writes made useless. */
  giveBackMemory(written: readonly Buffer[]): void {
    this.#memory.giveBack(written.reduce((sum, part) => sum + part.length, 0));
  }

  /** Takes over the text of a record or list that was read from a file. */
  load(key: string, slab: Slab, start: number, length: number): void {
    this.#isEmpty = false;
    const place = this.locate(key);
    if (key === keys.schemaVersion())
      this.#schemaVersion = Number(slab.bytes.toString("latin1", start, start + length));
    if (place === null) {
      this.#loaded = null;
      const tenantEnd = key.indexOf("/", 1) + 1;
      this.#hasOtherTenants ||= tenantEnd > 0 && placeOf(key, tenantEnd)?.id != null;
    } else if (place.id === null)
      this.#lists.load(key, { slab, start, length, records: this.#shelves[place.collection].entries });
    else {
      // The key is read again, because a slice of it would keep the whole text in memory.
      const id = slab.bytes.toString("utf8", start - 2 - Buffer.byteLength(place.id), start - 2);
      this.#loaded = this.#place(place.collection, { id, lists: null, slab, start, length });
    }
  }

  loadRemoved(key: string): void {
    const place = this.locate(key);
    this.#loaded = place?.id == null ? null : this.#drop(place.collection, place.id);
  }

  /** Adds the last record that was loaded or removed to a list. */
  loadJoined(list: string): void {
    if (this.#loaded !== null) this.#lists.join(list, this.#loaded);
  }

  loadLeft(list: string): void {
    if (this.#loaded !== null) this.#lists.leave(list, this.#loaded);
  }

  /** Sets the text of a record. A new record comes last. */
  #place(collection: CollectionName, placed: Omit<Entry, "order">): Entry {
    const { slab, start, length } = placed;
    const known = this.entry(collection, placed.id);
    if (known !== null) {
      this.#set(known, slab, start, length);
      return known;
    }
    const entry: Entry = { ...placed, order: this.#order };
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
    if (collection === "lifecycle") this.#lists.join(this.#lifecycleList(entry), entry);
  }

  #drop(collection: CollectionName, id: string): Entry | null {
    const { entries, ordered } = this.#shelves[collection];
    const entry = entries.get(id);
    if (entry === undefined) return null;
    entries.delete(id);
    ordered.remove(entry);
    this.#recent.delete(entry);
    if (collection === "lifecycle") this.#lists.leave(this.#lifecycleList(entry), entry);
    return entry;
  }

  #lifecycleList(entry: Entry): string {
    return lifecycleList(this.tenantId, entry.id.slice(0, entry.id.indexOf("/")));
  }

  #join(key: string, entry: Entry): void {
    const shared = this.#lists.join(key, entry);
    entry.lists = [...(entry.lists ?? []), shared];
  }

  #leave(key: string, entry: Entry): void {
    this.#lists.leave(key, entry);
    entry.lists = entry.lists?.filter((list) => list !== key) ?? null;
  }
}
