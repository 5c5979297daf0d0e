import { objectsOf, referencesOf } from "./references.ts";
import { collectionNames, collections, keyOf, listsOf, mendRecord } from "./collections.ts";
import type { StateDocument } from "./document.ts";
import { fileNames, makeYield, type Files } from "./files.ts";
import { readSegment } from "./journal-format.ts";
import type { Loaded } from "./load.ts";
import type { Problem } from "./problem.ts";
import { readState } from "./state-file.ts";
import type { CollectionName, Records } from "./store.ts";

type Lists = Map<string, Set<string>>;

export interface RecordCheck {
  records: number;
  problems: Problem[];
  /** Hashes of file contents that must exist, each with the key of a record that needs it. */
  objects: Map<string, string>;
}

/** Checks every record, and every index against the records. */
export const checkRecords = async (files: Files, folder: string, loaded: Loaded): Promise<RecordCheck> => {
  const { document } = loaded;
  const check: RecordCheck = { records: 0, problems: [], objects: new Map() };
  const expected: Lists = new Map();
  const turn = makeYield();
  for (const collection of collectionNames)
    for (const entry of document.ordered(collection).after(-1)) {
      check.records += 1;
      checkRecord(document, collection, entry.id, check, expected);
      const pause = turn();
      if (pause !== undefined) await pause;
    }
  compareLists(expected, await readLists(files, folder, loaded), check.problems);
  return check;
};

const checkRecord = (
  document: StateDocument,
  collection: CollectionName,
  id: string,
  check: RecordCheck,
  expected: Lists,
): void => {
  const { tenantId } = document;
  const where = `/${tenantId}/${collections[collection].segment}/${id}`;
  const sound = mendRecord(collection, document.get(collection, id));
  if (sound === null) {
    check.problems.push({ kind: "a record is not valid", where, repair: null });
    return;
  }
  if (sound.changes.length > 0) {
    const repair = `its fields are repaired: ${sound.changes.join("; ")}`;
    check.problems.push({ kind: "fields of a record are not valid", where, repair });
  }
  const record = sound.value as Records[typeof collection]; // It passed the collection's own schema.
  if (keyOf(collection, tenantId, record) !== where)
    check.problems.push({ kind: "a record is stored under the key of another", where, repair: null });
  for (const list of listsOf(collection, tenantId, record))
    expected.set(list, (expected.get(list) ?? new Set()).add(id));
  for (const { collection: to, id: target } of referencesOf(collection, record))
    if (document.entry(to, target) === null)
      check.problems.push({ kind: `a record refers to ${to} ${target}, which is gone`, where, repair: null });
  for (const sha256 of objectsOf(collection, record)) check.objects.set(sha256, where);
};

/** The stored indexes, independent of the records. */
const readLists = async (
  files: Files,
  folder: string,
  { document, base, segments }: Loaded,
): Promise<Lists> => {
  const lists: Lists = new Map();
  const isList = (key: string): boolean => document.locate(key)?.id === null;
  if (base !== null)
    await readState(files, folder, fileNames.state, (key, { bytes }, start, length) => {
      if (isList(key))
        lists.set(key, new Set(bytes.toString("utf8", start + 2, start + length - 2).split('","')));
    });
  const ignore = () => undefined;
  const change = (list: string, key: string, isMember: boolean) => {
    const ids = lists.get(list) ?? new Set();
    const id = key.slice(key.lastIndexOf("/") + 1);
    if (isMember) ids.add(id);
    else ids.delete(id);
    lists.set(list, ids);
  };
  for (const { number, bytes, sequence } of segments)
    await readSegment(
      files,
      { folder, segment: number, sequence, to: bytes },
      {
        put: ignore,
        remove: ignore,
        note: ignore,
        join: (list, key) => {
          change(list, key, true);
        },
        leave: (list, key) => {
          change(list, key, false);
        },
      },
      document.tenantId,
    );
  return lists;
};

const compareLists = (expected: Lists, stored: Lists, problems: Problem[]): void => {
  const repair = "it is derived again from the records";
  for (const where of new Set([...expected.keys(), ...stored.keys()])) {
    const records = expected.get(where) ?? new Set();
    const ids = stored.get(where) ?? new Set();
    const missing = countBeyond(records, ids);
    const tooMany = countBeyond(ids, records);
    if (missing > 0) problems.push({ kind: `an index lacks ${missing} records`, where, repair });
    if (tooMany > 0) problems.push({ kind: `an index names ${tooMany} records wrongly`, where, repair });
  }
};

const countBeyond = (ids: ReadonlySet<string>, others: ReadonlySet<string>): number => {
  let count = 0;
  for (const id of ids) if (!others.has(id)) count += 1;
  return count;
};
