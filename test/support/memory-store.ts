import { createHash } from "node:crypto";
import { RunStatus } from "../../schemas/run.ts";
import { isRunOpen } from "../../schemas/statuses.ts";
import { fail } from "../../schemas/errors.ts";
import type { CollectionName, Filters, Page, Records, Store, Transaction } from "../../server/store/store.ts";

type Held = Map<string, unknown>;

const idFields: Record<CollectionName, string> = {
  agents: "agent_id",
  instances: "instance_id",
  executions: "execution_id",
  teams: "team_id",
  lifecycle: "event_id",
  tasks: "task_id",
  runs: "task_id",
  changeSets: "change_set_id",
  findings: "finding_id",
  dismissals: "fingerprint",
  dailyUsage: "day",
  dailyMetrics: "day",
  alerts: "alert_id",
  tokens: "token_id",
  replies: "reply_id",
  templates: "template_id",
};

const isOpen = (record: object): boolean => {
  const status: unknown = Reflect.get(record, "status");
  return "alert_id" in record ? status !== "Cleared" : isRunOpen(RunStatus.parse(status));
};

const passes = (record: object, filter: object): boolean =>
  Object.entries(filter).every(([name, wanted]) => {
    if (wanted === undefined) return true;
    if (name === "open") return isOpen(record) === wanted;
    if (name === "active") return !["Terminated", "Failed"].includes(String(Reflect.get(record, "state")));
    return Reflect.get(record, name === "type" ? "agent_type" : name) === wanted;
  });

/** A store without a disk, for tests of what stands above it and would only wait for one. */
export const memoryStore = (tenantId = "00000000-0000-4000-8000-000000000001"): Store => {
  const collections = new Map<CollectionName, Held>();
  const objects = new Map<string, Buffer>();
  const transcripts = new Map<string, unknown[]>();
  const held = (name: CollectionName): Held => {
    const found = collections.get(name) ?? new Map<string, unknown>();
    collections.set(name, found);
    return found;
  };
  // What is put under a collection's name is what comes out under it.
  const get = <Name extends CollectionName>(name: Name, id: string) =>
    (held(name).get(id) ?? null) as Records[Name] | null;
  const all = <Name extends CollectionName>(name: Name, filter: Filters[Name] = {}) =>
    ([...held(name).values()] as Records[Name][]).toReversed().filter((record) => passes(record, filter));
  const transaction: Transaction = {
    get,
    put: (name, record) => void held(name).set(String(Reflect.get(record, idFields[name])), record),
    remove: (name, id) => void held(name).delete(id),
  };
  return {
    tenantId,
    folder: "/state",
    readOnlyReason: null,
    get,
    all,
    page: (name, filter, { limit, cursor }): Page<never> | Page<Records[typeof name]> => {
      const start = Number(cursor ?? 0);
      const items = all(name, filter);
      const next = start + limit;
      return { items: items.slice(start, next), next_cursor: next < items.length ? String(next) : null };
    },
    commit: (write) => {
      write(transaction);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
    objects: {
      put: (bytes) => {
        const sha256 = createHash("sha256").update(bytes).digest("hex");
        objects.set(sha256, Buffer.from(bytes));
        return Promise.resolve(sha256);
      },
      get: (sha256) => {
        const bytes = objects.get(sha256);
        return bytes === undefined
          ? Promise.reject(fail("not_found", { kind: "object", id: sha256 }))
          : Promise.resolve(bytes);
      },
    },
    transcripts: {
      append: (executionId, entries) => {
        transcripts.set(executionId, [...(transcripts.get(executionId) ?? []), ...entries]);
        return Promise.resolve();
      },
      read: (executionId, from = 0) =>
        Promise.resolve((transcripts.get(executionId) ?? []).slice(from) as never[]),
    },
  };
};
