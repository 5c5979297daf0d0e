import type { AgentStatus, AgentType } from "./agent.ts";

/**
 * The documented key layout ("Database Schema"), and under the same tenant prefix the keys of what
 * the documents leave open. A key is a path; no part of it contains `/`.
 */
const part = (value: string): string => {
  if (value === "" || value.includes("/"))
    throw new RangeError(`not a part of a key: ${JSON.stringify(value)}`);
  return value;
};
const key = (...parts: string[]): string => `/${parts.map(part).join("/")}`;

/** Primary keys. */
export const keys = {
  agent: (tenant: string, agentId: string) => key(tenant, "agents", agentId),
  instance: (tenant: string, instanceId: string) => key(tenant, "agent_instances", instanceId),
  execution: (tenant: string, executionId: string) => key(tenant, "agent_executions", executionId),
  team: (tenant: string, teamId: string) => key(tenant, "agent_teams", teamId),
  lifecycle: (tenant: string, instanceId: string, timestamp: string, eventId: string) =>
    key(tenant, "agent_lifecycle", instanceId, `${timestamp}:${eventId}`),
  // Ours: what the documents leave open.
  task: (tenant: string, taskId: string) => key(tenant, "tasks", taskId),
  run: (tenant: string, taskId: string) => key(tenant, "team_runs", taskId),
  changeSet: (tenant: string, changeSetId: string) => key(tenant, "change_sets", changeSetId),
  finding: (tenant: string, findingId: string) => key(tenant, "findings", findingId),
  dismissal: (tenant: string, fingerprint: string) => key(tenant, "dismissals", fingerprint),
  dailyUsage: (tenant: string, day: string) => key(tenant, "usage_by_day", day),
  schemaVersion: () => "/schema_version",
};

/** Keys of the secondary indexes; each holds an array of ids. */
export const indexKeys = {
  agentsByType: (tenant: string, type: AgentType) => key(tenant, "agents_by_type", type),
  agentsByStatus: (tenant: string, status: AgentStatus) => key(tenant, "agents_by_status", status),
  instancesByAgent: (tenant: string, agentId: string) => key(tenant, "instances_by_agent", agentId),
  activeInstances: (tenant: string) => key(tenant, "active_instances"),
  executionsByTask: (tenant: string, taskId: string) => key(tenant, "executions_by_task", taskId),
  executionsByInstance: (tenant: string, instanceId: string) =>
    key(tenant, "executions_by_instance", instanceId),
  // Ours.
  changeSetsByTask: (tenant: string, taskId: string) => key(tenant, "change_sets_by_task", taskId),
  findingsByTask: (tenant: string, taskId: string) => key(tenant, "findings_by_task", taskId),
  openRuns: (tenant: string) => key(tenant, "open_runs"),
};

/** Prefix under which all keys of a collection stand. */
export const collectionPrefix = (tenant: string, collection: string): string => `${key(tenant, collection)}/`;
