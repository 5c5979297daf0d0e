import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { indexKeys } from "../../schemas/keys.ts";
import type { Retention } from "../../schemas/settings.ts";
import { isOpenAlert } from "../models/alert.ts";
import { isActive } from "../models/instance.ts";
import { collectionNames } from "./collections.ts";
import type { StateDocument } from "./document.ts";
import { fileNames, ifThere, makeYield, reasonOf, type Files } from "./files.ts";
import { textOf } from "./memory.ts";
import { walk } from "./queries.ts";
import type { Store } from "./store.ts";

export interface RetentionOptions {
  files: Files;
  document: StateDocument;
  store: Pick<Store, "all" | "commit" | "folder" | "get">;
  retention: Retention;
  now: Date;
  /** If it aborts, nothing more is removed. */
  signal: AbortSignal;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Younger objects are kept, because an object may be written long before the record that names it. */
const UNNAMED_OBJECT_MS = 60 * 60 * 1000;

/**
 * Removes what the settings do not keep: ended runs that are too old, too many or too large, with everything
 * that belongs to them; ended instances that nothing refers to; usage and alerts of old days; and file
 * contents that no record names. Never removes anything that is still open. Returns the number of removed runs.
 */
export const applyRetention = async (options: RetentionOptions): Promise<number> => {
  const { document, retention, now, signal } = options;
  const cutoff =
    retention.days === null ? "" : new Date(now.getTime() - retention.days * DAY_MS).toISOString();
  let removed = 0;
  let excess = [...walk(document, "runs", { open: false })].length - (retention.runs ?? Infinity);
  for (const taskId of oldestEnded(document)) {
    const run = document.get("runs", taskId);
    if (signal.aborted || run === null || (excess <= 0 && (run.completed_at ?? run.updated_at) >= cutoff))
      break;
    await removeRun(options, taskId);
    excess -= 1;
    removed += 1;
  }
  removed += await limitSize(options);
  await removeInstances(options, cutoff);
  await removeDays(options, cutoff.slice(0, 10));
  if (removed > 0) await sweepObjects(options);
  return removed;
};

/** Removes old records that belong to a day and not to a run. Sums of metrics stay, because they are small. */
const removeDays = async ({ store }: RetentionOptions, before: string): Promise<void> => {
  const days = store.all("dailyUsage").filter(({ day }) => day < before);
  const alerts = store.all("alerts").filter((alert) => alert.day < before && !isOpenAlert(alert));
  if (days.length + alerts.length === 0) return;
  await store.commit((transaction) => {
    for (const { day } of days) transaction.remove("dailyUsage", day);
    for (const { alert_id } of alerts) transaction.remove("alerts", alert_id);
  });
};

const oldestEnded = (document: StateDocument): string[] =>
  Array.from(walk(document, "runs", { open: false }), ({ id }) => id).reverse();

/** Removes an ended run and everything that was created for its task. */
const removeRun = async ({ files, store }: RetentionOptions, taskId: string): Promise<void> => {
  const executions = store.all("executions", { task_id: taskId });
  const changeSets = store.all("changeSets", { task_id: taskId });
  const findings = store.all("findings", { task_id: taskId });
  await store.commit((transaction) => {
    for (const { execution_id } of executions) transaction.remove("executions", execution_id);
    for (const { change_set_id } of changeSets) transaction.remove("changeSets", change_set_id);
    for (const { finding_id } of findings) transaction.remove("findings", finding_id);
    transaction.remove("runs", taskId);
    transaction.remove("tasks", taskId);
  });
  // This follows the commit: a crash in between leaves a file without a record, which the doctor finds.
  for (const { execution_id } of executions)
    await files.rm(join(store.folder, fileNames.transcripts, `${execution_id}.jsonl`), { force: true });
};

/** Removes the oldest ended runs while transcripts and contents exceed their limit. */
const limitSize = async (options: RetentionOptions): Promise<number> => {
  const { document, files, retention, store } = options;
  if (retention.megabytes === null) return 0;
  const limit = retention.megabytes * 1024 * 1024;
  const used = async (): Promise<number> =>
    (await sizeOf(files, join(store.folder, fileNames.transcripts))) +
    (await sizeOf(files, join(store.folder, fileNames.objects)));
  let removed = 0;
  let bytes = await used();
  for (const taskId of oldestEnded(document)) {
    if (bytes <= limit || options.signal.aborted) break;
    await removeRun(options, taskId);
    await sweepObjects(options);
    removed += 1;
    bytes = await used();
  }
  return removed;
};

const sizeOf = async (files: Files, folder: string): Promise<number> => {
  let bytes = 0;
  for (const name of (await ifThere(files.readdir(folder))) ?? []) {
    const path = join(folder, name);
    const found = await ifThere(files.stat(path));
    if (found?.isDirectory() === true) bytes += await sizeOf(files, path);
    else bytes += found?.size ?? 0;
  }
  return bytes;
};

/** Removes ended instances that no execution names any more, with their lifecycle events. */
const removeInstances = async (
  { document, store, signal }: RetentionOptions,
  cutoff: string,
): Promise<void> => {
  const turn = makeYield();
  for (const { id } of [...walk(document, "instances", { active: false })]) {
    if (signal.aborted) return;
    await turn();
    const instance = document.get("instances", id);
    const isNamed = document.list(indexKeys.executionsByInstance(document.tenantId, id)) !== null;
    if (instance === null || isActive(instance) || isNamed || instance.updated_at >= cutoff) continue;
    const events = Array.from(walk(document, "lifecycle", { instance_id: id }), (event) => event.id);
    await store.commit((transaction) => {
      transaction.remove("instances", id);
      for (const event of events) transaction.remove("lifecycle", event);
    });
  }
};

/** Removes file contents that no record names. Any text in a record that looks like a hash counts as a name. */
const sweepObjects = async ({ document, files, store, now, signal }: RetentionOptions): Promise<void> => {
  const named = new Set<string>();
  const turn = makeYield();
  for (const collection of collectionNames)
    for (const entry of document.ordered(collection).after(-1)) {
      if (signal.aborted) return;
      for (const [sha256] of textOf(entry).matchAll(/[0-9a-f]{64}/g)) named.add(sha256);
      const pause = turn();
      if (pause !== undefined) await pause;
    }
  const directory = join(store.folder, fileNames.objects);
  for (const shelf of (await ifThere(files.readdir(directory))) ?? [])
    for (const name of await files.readdir(join(directory, shelf))) {
      const path = join(directory, shelf, name);
      const found = named.has(name) ? null : await ifThere(files.stat(path));
      if (found !== null && now.getTime() - found.mtimeMs > UNNAMED_OBJECT_MS)
        await files.rm(path, { force: true });
    }
};

const FIRST_RETENTION_MS = 3000;
const RETENTION_EVERY_MS = 60 * 60 * 1000;

/** Applies the retention regularly until the signal aborts. Resolves when the last removal has ended. */
export const keepTidy = async (
  options: Omit<RetentionOptions, "now">,
  warn: (problem: string) => void,
): Promise<void> => {
  const { signal } = options;
  // The first removal waits until the runtime has started.
  for (let delay = FIRST_RETENTION_MS; ; delay = RETENTION_EVERY_MS) {
    await wait(delay, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      await applyRetention({ ...options, now: new Date() });
    } catch (error) {
      warn(`old records could not be removed: ${reasonOf(error)}`);
    }
  }
};
