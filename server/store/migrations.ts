import { parseRecord, type Place } from "./collections.ts";
import type { StateDocument } from "./document.ts";
import type { Files } from "./files.ts";
import { fold, type FoldRequest } from "./fold.ts";
import type { StateSeal } from "./journal-format.ts";
import { rewriteState, type StoredRecord } from "./rewrite.ts";

/**
 * Version of the stored layout, under the key `/schema_version`. Raise it with every change that
 * this program's former versions could not read or would spoil, and add the step to `migrations`.
 */
export const SCHEMA_VERSION = 2;

/** Turns a record of one version into one of the next; indexes are derived again afterwards. */
const migrations: Readonly<Record<number, (record: StoredRecord) => unknown>> = {
  // 1: the documents' own layout. Fields that we added to the models get their defaults.
  1: ({ collection, value }) => parseRecord(collection, value) ?? value,
};

/** Files without a version have the first one, unless they are empty. */
const versionOf = (document: StateDocument): number =>
  document.schemaVersion ?? (document.isEmpty ? SCHEMA_VERSION : 1);

export const needsMigration = (document: StateDocument): boolean => versionOf(document) < SCHEMA_VERSION;

/**
 * Folds the journal, takes every record through all steps, and makes records of other tenants the
 * document's own; the former file becomes the backup.
 */
export const foldAndMigrate = async (
  files: Files,
  request: FoldRequest,
  document: StateDocument,
): Promise<StateSeal> => {
  await fold(files, request);
  const change = (record: StoredRecord): unknown => {
    let { value } = record;
    for (let version = versionOf(document); version < SCHEMA_VERSION; version += 1)
      value = migrations[version]?.({ ...record, value }) ?? value;
    return value;
  };
  /** A file of that name that exists already is the newer one; the other is left where it was. */
  const tenantOf = ({ collection, id }: Place, tenant: string): string =>
    id !== null && document.entry(collection, id) === null ? document.tenantId : tenant;
  return rewriteState(files, request.folder, request.output, SCHEMA_VERSION, change, tenantOf);
};
