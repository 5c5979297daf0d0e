import { collections, keyOf, listsOf, mendRecord } from "./collections.ts";
import type { StateDocument } from "./document.ts";
import type { CollectionName, Records, Transaction } from "./store.ts";

/** A write that is fully prepared, so that it cannot fail. */
interface Write {
  collection: CollectionName;
  id: string;
  /** The text of the record; null to remove it. */
  json: string | null;
  record: unknown;
  joins: string[];
  leaves: string[];
}

/** Runs `write` and then carries out its writes. If it throws, nothing is written. */
export const runTransaction = (document: StateDocument, write: (transaction: Transaction) => void): void => {
  const writes = new Map<string, Write>();
  write({
    put: (collection, record) => {
      const prepared = prepare(document, collection, record);
      writes.set(`${collection}/${prepared.id}`, prepared);
    },
    remove: (collection, id) => {
      writes.set(`${collection}/${id}`, { collection, id, json: null, record: null, joins: [], leaves: [] });
    },
    get: <Name extends CollectionName>(collection: Name, id: string): Records[Name] | null => {
      const written = writes.get(`${collection}/${id}`);
      // The key of the map contains the collection, so the record belongs to it.
      return written === undefined ? document.get(collection, id) : (written.record as Records[Name] | null);
    },
  });
  for (const each of writes.values()) settleLists(document, each);
  for (const each of writes.values()) carryOut(document, each);
};

const prepare = <Name extends CollectionName>(
  document: StateDocument,
  collection: Name,
  given: Records[Name],
): Write => {
  const { segment } = collections[collection];
  // A record that does not pass its schema would make the state unreadable.
  const sound = mendRecord(collection, given);
  if (sound === null) throw new TypeError(`a record of ${collection} is not valid`);
  const record = sound.value as Records[Name]; // It passed the collection's own schema.
  const key = keyOf(collection, document.tenantId, record);
  const id = key.slice(document.tenantId.length + segment.length + 3);
  const joins = listsOf(collection, document.tenantId, record);
  return { collection, id, json: JSON.stringify(record), record, joins, leaves: [] };
};

/** Writes only the lists that differ between the new record and the stored one. */
const settleLists = (document: StateDocument, write: Write): void => {
  const { collection, id } = write;
  const before = document.listsOf(collection, id);
  write.leaves = before.filter((list) => !write.joins.includes(list));
  write.joins = write.joins.filter((list) => !before.includes(list));
};

const carryOut = (document: StateDocument, { collection, id, json, joins, leaves }: Write): void => {
  if (json === null && document.entry(collection, id) === null) return;
  const entry = json === null ? document.remove(collection, id) : document.put(collection, id, json);
  if (entry === null) return;
  for (const list of leaves) document.leave(list, entry);
  for (const list of joins) document.join(list, entry);
};
