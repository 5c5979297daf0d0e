import { isActive } from "../models/instance.ts";
import type { CollectionName, Records } from "./store.ts";

/** A record that must exist because another one names it. */
export interface Reference {
  collection: CollectionName;
  id: string;
}

type Rules<Result> = { readonly [Name in CollectionName]: (record: Records[Name]) => Result };

/** Agents and teams are not included, because they may be deleted while their work is kept. */
const references: Rules<Reference[]> = {
  agents: () => [],
  instances: (instance) => (isActive(instance) ? [{ collection: "agents", id: instance.agent_id }] : []),
  executions: ({ task_id, instance_id }) => [
    { collection: "tasks", id: task_id },
    ...(instance_id === null ? [] : [{ collection: "instances" as const, id: instance_id }]),
  ],
  teams: () => [],
  lifecycle: ({ instance_id }) => [{ collection: "instances", id: instance_id }],
  tasks: () => [],
  runs: ({ task_id }) => [{ collection: "tasks", id: task_id }],
  changeSets: ({ task_id }) => [{ collection: "tasks", id: task_id }],
  findings: ({ task_id, execution_id }) => [
    { collection: "tasks", id: task_id },
    { collection: "executions", id: execution_id },
  ],
  dismissals: () => [],
  dailyUsage: () => [],
  dailyMetrics: () => [],
  alerts: () => [],
  tokens: () => [],
  replies: () => [],
  templates: () => [],
};

/** IDs in a record of other records that must exist. */
export const referencesOf = <Name extends CollectionName>(
  collection: Name,
  record: Records[Name],
): Reference[] => references[collection](record);

/** Hashes of stored file contents that a record needs. */
export const objectsOf = (collection: CollectionName, value: Records[CollectionName]): string[] =>
  collection === "changeSets" && "files" in value ? value.files.flatMap(({ after }) => after ?? []) : [];
