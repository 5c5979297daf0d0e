import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { Uuid } from "../../schemas/primitives.ts";
import { fileNames, ifThere, listSegments, readChunks, syncFolder, type Files } from "./files.ts";

/** The tenant whose records a state folder contains. */
export interface Tenant {
  id: string;
  /** Whether the folder itself names the tenant. Otherwise the ID comes from its records or is new. */
  isKept: boolean;
}

/** The number of records per tenant, by the keys in the lines of a file. */
const countTenants = async (
  files: Files,
  path: string,
  pattern: RegExp,
  counts: Map<string, number>,
): Promise<void> => {
  if ((await ifThere(files.stat(path))) === null) return;
  for await (const { bytes } of readChunks(files, path))
    for (const [, tenant] of bytes.toString("latin1").matchAll(pattern))
      if (tenant !== undefined) counts.set(tenant, (counts.get(tenant) ?? 0) + 1);
};

const inKey = /^"\/([0-9a-f-]{36})\//gm;
const inRecord = /^\+.*?"tenant_id":"([0-9a-f-]{36})"/gm;

/** The tenant of most records; null if there are no records. Damaged lines are skipped. */
const tenantOfRecords = async (files: Files, folder: string): Promise<string | null> => {
  const counts = new Map<string, number>();
  await countTenants(files, join(folder, fileNames.state), inKey, counts);
  for (const number of await listSegments(files, folder))
    await countTenants(files, join(folder, fileNames.segment(number)), inRecord, counts);
  if (counts.size === 0) await countTenants(files, join(folder, fileNames.backup), inKey, counts);
  const [most] = [...counts].sort(([, left], [, right]) => right - left);
  return most?.[0] ?? null;
};

/**
 * The local tenant of a state folder. It is created once and stored with the state, so that another user of the
 * machine or another machine that opens the folder uses the same one.
 */
export const tenantOf = async (files: Files, folder: string): Promise<Tenant> => {
  const text = await ifThere(files.readFile(join(folder, fileNames.tenant), "utf8"));
  const kept = Uuid.safeParse(text?.trim());
  if (kept.success) return { id: kept.data, isKept: true };
  return { id: (await tenantOfRecords(files, folder)) ?? randomUUID(), isKept: false };
};

/** Stores the tenant. Only the owner of the folder may call this. */
export const keepTenant = async (files: Files, folder: string, id: string): Promise<void> => {
  const path = join(folder, fileNames.tenant);
  const handle = await files.open(`${path}.new`, "w", 0o600);
  try {
    await handle.writeFile(`${id}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await files.rename(`${path}.new`, path);
  await syncFolder(files, folder);
};
