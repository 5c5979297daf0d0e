import type { z } from "zod";
import { StoredReply, StoredToken } from "../../schemas/access.ts";
import { Alert } from "../../schemas/alerts.ts";
import { AgentConfig } from "../../schemas/agent.ts";
import { ChangeSet } from "../../schemas/changes.ts";
import { AgentExecution } from "../../schemas/execution.ts";
import { Dismissal, Finding } from "../../schemas/findings.ts";
import { AgentInstance, LifecycleEvent } from "../../schemas/instance.ts";
import { indexKeys, keys } from "../../schemas/keys.ts";
import { DailyMetrics } from "../../schemas/metrics.ts";
import { DailyUsage, RunStatus, Task, TeamRun } from "../../schemas/run.ts";
import { AgentTeam } from "../../schemas/team.ts";
import { isRunOpen } from "../../schemas/statuses.ts";
import { Template } from "../../schemas/templates.ts";
import { isOpenAlert } from "../models/alert.ts";
import { isActive } from "../models/instance.ts";
import { mend, type Mended } from "./mend.ts";
import type { CollectionName, Filters, Records } from "./store.ts";

/** Keys of the lists whose records, together, are those that pass a filter. */
type FilterRule<Value> = (tenant: string, value: Value) => string[];

/** What the store must know about a collection. Everything else is the same for all collections. */
export interface Collection<Name extends CollectionName> {
  /** The part of the key behind the tenant. */
  segment: string;
  schema: z.ZodType<Records[Name]>;
  key: (tenant: string, record: Records[Name]) => string;
  /** The parts of keys, after the tenant, of its secondary indexes. */
  lists: readonly string[];
  /** Keys of the stored secondary indexes that have the record. */
  indexes: (tenant: string, record: Records[Name]) => string[];
  filters: { [Filter in keyof Filters[Name]]-?: FilterRule<NonNullable<Filters[Name][Filter]>> };
  /** Whether pages begin with the oldest record instead of the newest. */
  oldestFirst: boolean;
  /** A list whose entries are independent of each other: an entry that cannot be repaired is left out. */
  parts?: string;
}

const closedRunStatuses = RunStatus.options.filter((status) => !isRunOpen(status));

/** The list of an instance's lifecycle events. Their keys contain it, so it is not stored a second time. */
export const lifecycleList = (tenant: string, instanceId: string): string =>
  `/${tenant}/agent_lifecycle/${instanceId}`;

export const collections: { readonly [Name in CollectionName]: Collection<Name> } = {
  agents: {
    segment: "agents",
    lists: ["agents_by_type", "agents_by_status"],
    schema: AgentConfig,
    key: (tenant, agent) => keys.agent(tenant, agent.agent_id),
    indexes: (tenant, agent) => [
      indexKeys.agentsByType(tenant, agent.agent_type),
      indexKeys.agentsByStatus(tenant, agent.status),
    ],
    filters: {
      type: (tenant, type) => [indexKeys.agentsByType(tenant, type)],
      status: (tenant, status) => [indexKeys.agentsByStatus(tenant, status)],
    },
    oldestFirst: false,
  },
  instances: {
    segment: "agent_instances",
    lists: ["instances_by_agent", "instances_by_state", "active_instances"],
    schema: AgentInstance,
    key: (tenant, instance) => keys.instance(tenant, instance.instance_id),
    indexes: (tenant, instance) => [
      indexKeys.instancesByAgent(tenant, instance.agent_id),
      indexKeys.instancesByState(tenant, instance.state),
      ...(isActive(instance) ? [indexKeys.activeInstances(tenant)] : []),
    ],
    filters: {
      agent_id: (tenant, agentId) => [indexKeys.instancesByAgent(tenant, agentId)],
      state: (tenant, state) => [indexKeys.instancesByState(tenant, state)],
      active: (tenant, active) =>
        active
          ? [indexKeys.activeInstances(tenant)]
          : [indexKeys.instancesByState(tenant, "Terminated"), indexKeys.instancesByState(tenant, "Failed")],
    },
    oldestFirst: false,
  },
  executions: {
    segment: "agent_executions",
    lists: ["executions_by_task", "executions_by_instance", "executions_by_status"],
    schema: AgentExecution,
    key: (tenant, execution) => keys.execution(tenant, execution.execution_id),
    indexes: (tenant, execution) => [
      indexKeys.executionsByTask(tenant, execution.task_id),
      ...(execution.instance_id === null
        ? []
        : [indexKeys.executionsByInstance(tenant, execution.instance_id)]),
      indexKeys.executionsByStatus(tenant, execution.status),
    ],
    filters: {
      task_id: (tenant, taskId) => [indexKeys.executionsByTask(tenant, taskId)],
      instance_id: (tenant, instanceId) => [indexKeys.executionsByInstance(tenant, instanceId)],
      status: (tenant, status) => [indexKeys.executionsByStatus(tenant, status)],
    },
    oldestFirst: false,
  },
  teams: {
    segment: "agent_teams",
    lists: ["teams_by_name"],
    schema: AgentTeam,
    key: (tenant, team) => keys.team(tenant, team.team_id),
    indexes: (tenant, team) => [indexKeys.teamsByName(tenant, team.name)],
    filters: {
      name: (tenant, name) => [indexKeys.teamsByName(tenant, name)],
    },
    oldestFirst: false,
  },
  lifecycle: {
    segment: "agent_lifecycle",
    lists: [],
    schema: LifecycleEvent,
    key: (tenant, event) => keys.lifecycle(tenant, event.instance_id, event.timestamp, event.event_id),
    indexes: () => [],
    filters: {
      instance_id: (tenant, instanceId) => [lifecycleList(tenant, instanceId)],
    },
    oldestFirst: true,
  },
  tasks: {
    segment: "tasks",
    lists: [],
    schema: Task,
    key: (tenant, task) => keys.task(tenant, task.task_id),
    indexes: () => [],
    filters: {},
    oldestFirst: false,
  },
  runs: {
    segment: "team_runs",
    lists: ["runs_by_status", "open_runs"],
    schema: TeamRun,
    key: (tenant, run) => keys.run(tenant, run.task_id),
    indexes: (tenant, run) => [
      indexKeys.runsByStatus(tenant, run.status),
      ...(isRunOpen(run.status) ? [indexKeys.openRuns(tenant)] : []),
    ],
    filters: {
      status: (tenant, status) => [indexKeys.runsByStatus(tenant, status)],
      open: (tenant, open) =>
        open
          ? [indexKeys.openRuns(tenant)]
          : closedRunStatuses.map((status) => indexKeys.runsByStatus(tenant, status)),
    },
    oldestFirst: false,
  },
  changeSets: {
    segment: "change_sets",
    lists: ["change_sets_by_task"],
    schema: ChangeSet,
    key: (tenant, changeSet) => keys.changeSet(tenant, changeSet.change_set_id),
    indexes: (tenant, changeSet) => [indexKeys.changeSetsByTask(tenant, changeSet.task_id)],
    filters: {
      task_id: (tenant, taskId) => [indexKeys.changeSetsByTask(tenant, taskId)],
    },
    oldestFirst: false,
  },
  findings: {
    segment: "findings",
    lists: ["findings_by_task", "findings_by_path", "findings_by_status"],
    schema: Finding,
    key: (tenant, finding) => keys.finding(tenant, finding.finding_id),
    indexes: (tenant, finding) => [
      indexKeys.findingsByTask(tenant, finding.task_id),
      indexKeys.findingsByPath(tenant, finding.path),
      indexKeys.findingsByStatus(tenant, finding.status),
    ],
    filters: {
      task_id: (tenant, taskId) => [indexKeys.findingsByTask(tenant, taskId)],
      path: (tenant, path) => [indexKeys.findingsByPath(tenant, path)],
      status: (tenant, status) => [indexKeys.findingsByStatus(tenant, status)],
    },
    oldestFirst: false,
  },
  dismissals: {
    segment: "dismissals",
    lists: [],
    schema: Dismissal,
    key: (tenant, dismissal) => keys.dismissal(tenant, dismissal.fingerprint),
    indexes: () => [],
    filters: {},
    oldestFirst: false,
  },
  dailyUsage: {
    segment: "usage_by_day",
    lists: [],
    schema: DailyUsage,
    key: (tenant, usage) => keys.dailyUsage(tenant, usage.day),
    indexes: () => [],
    filters: {},
    oldestFirst: false,
  },
  dailyMetrics: {
    segment: "metrics_by_day",
    lists: [],
    schema: DailyMetrics,
    key: (tenant, metrics) => keys.dailyMetrics(tenant, metrics.day),
    parts: "groups",
    indexes: () => [],
    filters: {},
    oldestFirst: false,
  },
  alerts: {
    segment: "alerts",
    lists: ["open_alerts"],
    schema: Alert,
    key: (tenant, alert) => keys.alert(tenant, alert.alert_id),
    indexes: (tenant, alert) => (isOpenAlert(alert) ? [indexKeys.openAlerts(tenant)] : []),
    filters: {
      open: (tenant) => [indexKeys.openAlerts(tenant)],
    },
    oldestFirst: false,
  },
  replies: {
    segment: "replies",
    lists: [],
    schema: StoredReply,
    key: (tenant, reply) => keys.reply(tenant, reply.reply_id),
    indexes: () => [],
    filters: {},
    oldestFirst: false,
  },
  tokens: {
    segment: "access_tokens",
    lists: [],
    schema: StoredToken,
    key: (tenant, token) => keys.token(tenant, token.token_id),
    indexes: () => [],
    filters: {},
    oldestFirst: false,
  },
  templates: {
    segment: "templates",
    lists: [],
    schema: Template,
    key: (tenant, template) => keys.template(tenant, template.template_id),
    indexes: () => [],
    filters: {},
    oldestFirst: false,
  },
};

// Object.keys gives string[]; the type of `collections` says that its keys are the names.
export const collectionNames = Object.keys(collections) as CollectionName[];

/** Keys of the indexes that have a record. Empty if there is no record. */
export const listsOf = <Name extends CollectionName>(
  collection: Name,
  tenant: string,
  record: Records[Name] | null,
): string[] => (record === null ? [] : collections[collection].indexes(tenant, record));

export const keyOf = <Name extends CollectionName>(
  collection: Name,
  tenant: string,
  record: Records[Name],
): string => collections[collection].key(tenant, record);

/** A value as a record of the collection; null if it is not a valid one. */
export const parseRecord = <Name extends CollectionName>(
  collection: Name,
  value: unknown,
): Records[Name] | null => {
  const schema: z.ZodType<Records[Name]> = collections[collection].schema;
  return schema.safeParse(value).data ?? null;
};

/**
 * A record that can be stored: the record itself if it is valid, otherwise a repaired one; null if it cannot
 * be repaired.
 */
export const mendRecord = (collection: CollectionName, value: unknown): Mended | null => {
  const { schema, parts = null } = collections[collection];
  return schema.safeParse(value).success ? { value, changes: [] } : mend(schema, value, parts);
};

const bySegment = new Map(collectionNames.map((name) => [collections[name].segment, name]));
const byList = new Map(
  collectionNames.flatMap((name) => collections[name].lists.map((list) => [list, name] as const)),
);

/** What a key names: a record of a collection or, if `id` is null, one of its indexes. */
export interface Place {
  collection: CollectionName;
  id: string | null;
}

/** Parses the rest of a key after the tenant, starting at `from`; null if it is not one of our keys. */
export const placeOf = (key: string, from: number): Place | null => {
  const slash = key.indexOf("/", from);
  const segment = slash === -1 ? key.slice(from) : key.slice(from, slash);
  const collection = bySegment.get(segment);
  if (collection !== undefined && slash !== -1) return { collection, id: key.slice(slash + 1) };
  const owner = byList.get(segment);
  return owner === undefined ? null : { collection: owner, id: null };
};
