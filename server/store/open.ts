import { Low } from "lowdb";
import { join } from "node:path";
import type { Retention } from "../../schemas/settings.ts";
import { JournalAdapter } from "./adapter.ts";
import { StateDocument } from "./document.ts";
import { fileNames, ifThere, isRefusal, nodeFiles, reasonOf, type Files } from "./files.ts";
import type { FoldRequest } from "./fold.ts";
import { openFolding } from "./folding.ts";
import type { StateSeal } from "./journal-format.ts";
import type { Durability } from "./appending.ts";
import { acquireLock, noLock, STALE_MS, type Lock } from "./lock.ts";
import { openObjects } from "./objects.ts";
import { all, page } from "./queries.ts";
import { keepTidy } from "./retention.ts";
import type { Store } from "./store.ts";
import { keepTenant, tenantOf } from "./tenant.ts";
import { runTransaction } from "./transaction.ts";
import { openTranscripts } from "./transcripts.ts";

export interface StoreOptions {
  /** The absolute path of the state folder. It is created if it does not exist. */
  folder: string;
  /** If left out, the tenant of this folder, which is created once and stored there. */
  tenantId?: string;
  /** The default is `fsync`. */
  durability?: Durability;
  /** Called with harmless problems, such as an incomplete write that was removed. */
  warn?: (problem: string) => void;
  /** The journal is folded into the state file once it has this many bytes. */
  foldAt?: number;
  /** An owner without a sign of life for this many milliseconds counts as suspended. */
  staleAfter?: number;
  /** What to remove, soon after opening and then every hour. If left out, nothing is removed. */
  retention?: Retention;
  signal?: AbortSignal;
  /** The file system. Tests replace it by a failing one. */
  files?: Files;
  fold?: (request: FoldRequest) => Promise<StateSeal>;
}

const FOLD_AT = 8 << 20;

/**
 * Opens the state of a workspace folder and owns it until `close`. Throws `state_locked` while
 * another process owns it (then `readLock` says which), `state_damaged`, `state_newer`.
 */
export const openStore = async (options: StoreOptions): Promise<Store> =>
  (await openWithDocument(options)).store;

/** The same, with its lowdb data, for code that must go through all of it. */
export const openWithDocument = async (
  options: StoreOptions,
): Promise<{ store: Store; document: StateDocument }> => {
  const { folder, durability = "fsync", files = nodeFiles, warn = () => undefined } = options;
  const { lock, refusal } = await takeFolder(files, options);
  try {
    const folding = openFolding();
    const { fold = folding.fold, foldAt = FOLD_AT } = options;
    const { tenantId } = options;
    const tenant = tenantId === undefined ? await tenantOf(files, folder) : { id: tenantId, isKept: true };
    const journal = { tenantId: tenant.id, adoptsTenants: !tenant.isKept, lock, fold, foldAt };
    const adapter = new JournalAdapter({ files, folder, durability, warn, ...journal });
    if (refusal !== null) adapter.stop(refusal);
    const low = new Low(adapter, new StateDocument(tenant.id));
    await low.read();
    if (!tenant.isKept && adapter.failure === null)
      await keepTenant(files, folder, tenant.id).catch((error: unknown) => {
        // Next time, it is found in the records.
        warn(`the folder's tenant could not be saved: ${reasonOf(error)}`);
      });
    if (adapter.torn > 0)
      warn(`an unfinished write of ${adapter.torn} bytes was cut off; it was never reported as saved`);
    const tidying = new AbortController();
    let tidied: Promise<void> = Promise.resolve();
    const store = storeOver(
      low,
      adapter,
      { files, folder, durability },
      {
        before: async () => {
          tidying.abort();
          await tidied;
        },
        after: async () => {
          await folding.close();
          await lock.release();
        },
      },
    );
    const { retention } = options;
    if (retention !== undefined && adapter.failure === null)
      tidied = keepTidy({ files, document: low.data, store, retention, signal: tidying.signal }, warn);
    return { store, document: low.data };
  } catch (error) {
    await lock.release();
    throw error;
  }
};

/** Creates and locks the folder. If the disk refuses that, the folder can still be read. */
const takeFolder = async (
  files: Files,
  { folder, staleAfter, signal }: StoreOptions,
): Promise<{ lock: Lock; refusal: unknown }> => {
  try {
    await makeFolder(files, folder);
    const request = { files, folder, staleAfter: staleAfter ?? STALE_MS, signal };
    return { lock: await acquireLock(request), refusal: null };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { lock: noLock, refusal: error };
  }
};

const makeFolder = async (files: Files, folder: string): Promise<void> => {
  for (const name of [fileNames.transcripts, fileNames.objects])
    await files.mkdir(join(folder, name), { recursive: true, mode: 0o700 });
  const ignore = join(folder, ".gitignore");
  if ((await ifThere(files.stat(ignore))) !== null) return;
  const handle = await files.open(ignore, "w", 0o600);
  try {
    await handle.writeFile("*\n");
  } finally {
    await handle.close();
  }
};

const storeOver = (
  low: Low<StateDocument>,
  adapter: JournalAdapter,
  { files, folder, durability }: { files: Files; folder: string; durability: Durability },
  closing: { before: () => Promise<void>; after: () => Promise<void> },
): Store => {
  const besides = {
    files,
    folder,
    durability,
    checkWritable: () => {
      adapter.check();
    },
    onFailure: (error: unknown) => adapter.stop(error),
  };
  const transcripts = openTranscripts(besides);
  return {
    tenantId: low.data.tenantId,
    folder,
    get readOnlyReason() {
      return adapter.failure?.message ?? null;
    },
    transcripts,
    objects: openObjects(besides),
    get: (collection, id) => low.data.get(collection, id),
    page: (collection, filter, request) => page(low.data, collection, filter, request),
    all: (collection, filter) => all(low.data, collection, filter),
    commit: (write) =>
      low.update((document) => {
        if (adapter.failure !== null) throw adapter.failure;
        runTransaction(document, write);
      }),
    close: async () => {
      try {
        await closing.before();
        await transcripts.close();
        await adapter.close();
      } finally {
        await closing.after();
      }
    },
  };
};
