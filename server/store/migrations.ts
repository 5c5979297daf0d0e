import { parseRecord, type Place } from "./collections.ts";
import type { StateDocument } from "./document.ts";
import type { Files } from "./files.ts";
import { fold, type FoldRequest } from "./fold.ts";
import type { StateSeal } from "./journal-format.ts";
import { rewriteState, type StoredRecord } from "./rewrite.ts";

/**
 * The version of the stored layout, under the key `/schema_version`. Raise it with every change that earlier
 * versions of this program could not read or would damage, and add the step to `migrations`.
 */
export const SCHEMA_VERSION = 2;

/** Converts a record of one version to the next. Indexes are derived again afterwards. */
const migrations: Readonly<Record<number, (record: StoredRecord) => unknown>> = {
  // Version 1 is the layout of the documents. Fields that we added to the models get their defaults.
  1: ({ collection, value }) => parseRecord(collection, value) ?? value,
};

/** Files without a version have the first one, unless they are empty. */
const versionOf = (document: StateDocument): number =>
  document.schemaVersion ?? (document.isEmpty ? SCHEMA_VERSION : 1);

export const needsMigration = (document: StateDocument): boolean => versionOf(document) < SCHEMA_VERSION;

/**
 * Folds the journal, converts every record to the current version, and assigns the records of other tenants to
 * the document's tenant. The old file becomes the backup.
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
  /** If both tenants have a record with the same ID, the document's own is newer, and the other stays unchanged. */
  const tenantOf = ({ collection, id }: Place, tenant: string): string =>
    id !== null && document.entry(collection, id) === null ? document.tenantId : tenant;
  return rewriteState(files, request.folder, request.output, SCHEMA_VERSION, change, tenantOf);
};
