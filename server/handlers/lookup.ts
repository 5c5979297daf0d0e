import { fail } from "../../schemas/errors.ts";
import type { CollectionName, Records, Store } from "../store/store.ts";

/** What people call a record of a collection. */
const kinds: Readonly<Record<CollectionName, string>> = {
  agents: "agent",
  instances: "instance",
  executions: "execution",
  teams: "team",
  lifecycle: "lifecycle event",
  tasks: "task",
  runs: "run of task",
  changeSets: "change set",
  findings: "finding",
  dismissals: "dismissal",
  dailyUsage: "usage of day",
  dailyMetrics: "metrics of day",
  alerts: "alert",
  tokens: "token",
  replies: "reply",
  templates: "template",
};

/** The record, or `not_found`. */
export const found = <Name extends CollectionName>(
  store: Store,
  collection: Name,
  id: string,
): Records[Name] => {
  const record = store.get(collection, id);
  if (record === null) throw fail("not_found", { kind: kinds[collection], id });
  return record;
};
