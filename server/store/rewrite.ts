import { join } from "node:path";
import { keys } from "../../schemas/keys.ts";
import { listsOf, parseRecord, placeOf, type Place } from "./collections.ts";
import type { Files } from "./files.ts";
import type { StateSeal } from "./journal-format.ts";
import { readState, StateWriter } from "./state-file.ts";
import type { CollectionName } from "./store.ts";

/** A stored record of any tenant, which was not checked yet. */
export interface StoredRecord {
  key: string;
  tenant: string;
  collection: CollectionName;
  value: unknown;
}

/**
 * Writes a new state file record by record, and derives every secondary index from the records. `change`
 * returns a record's new value, or null to leave it out. `tenantOf` returns its new tenant. Records that neither
 * changes, and keys that are not ours, stay the same byte for byte.
 */
export const rewriteState = async (
  files: Files,
  folder: string,
  name: string,
  version: number,
  change: (record: StoredRecord) => unknown,
  tenantOf: (place: Place, tenant: string) => string = (_place, tenant) => tenant,
): Promise<StateSeal> => {
  const lists = new Map<string, string[]>();
  const rewritten = `${name}.rewritten`;
  const output = await files.open(join(folder, rewritten), "w", 0o600);
  let seal: StateSeal;
  try {
    const writer = new StateWriter(output);
    await writer.line(keys.schemaVersion(), Buffer.from(String(version)));
    await readState(files, folder, name, async (key, chunk, start, length) => {
      if (key === keys.schemaVersion()) return;
      const tenantEnd = key.indexOf("/", 1) + 1;
      const place: Place | null = tenantEnd === 0 ? null : placeOf(key, tenantEnd);
      const bytes = chunk.bytes.subarray(start, start + length);
      if (place === null) await writer.line(key, bytes);
      if (place?.id == null) return;
      const former = key.slice(1, tenantEnd - 1);
      const tenant = tenantOf(place, former);
      const value: unknown = JSON.parse(bytes.toString());
      let changed = change({ key, tenant: former, collection: place.collection, value });
      if (changed === null) return;
      if (tenant !== former) changed = ofTenant(changed, tenant);
      await writer.line(
        `/${tenant}/${key.slice(tenantEnd)}`,
        changed === value ? bytes : Buffer.from(JSON.stringify(changed)),
      );
      for (const list of listsOf(place.collection, tenant, parseRecord(place.collection, changed))) {
        const ids = lists.get(list) ?? [];
        ids.push(place.id);
        lists.set(list, ids);
      }
    });
    for (const [list, ids] of lists) await writer.line(list, Buffer.from(JSON.stringify(ids)));
    seal = await writer.finish();
  } finally {
    await output.close();
  }
  await files.rename(join(folder, rewritten), join(folder, name));
  return seal;
};

const ofTenant = (record: unknown, tenant: string): unknown =>
  typeof record === "object" && record !== null && "tenant_id" in record
    ? { ...record, tenant_id: tenant }
    : record;
