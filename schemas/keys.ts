import type { AgentStatus, AgentType } from "./agent.ts";
import type { ExecutionStatus } from "./execution.ts";
import type { FindingStatus } from "./findings.ts";
import type { InstanceState } from "./instance.ts";
import type { RunStatus } from "./run.ts";

/**
 * The documented key layout ("Database Schema"), and under the same tenant prefix the keys of what
 * the documents leave open. A key is a path; no part of it contains `/` or what JSON would escape.
 */
const part = (value: string): string => {
  if (!/^[^/"\\\x00-\x1f]+$/.test(value))
    throw new RangeError(`not a part of a key: ${JSON.stringify(value)}`);
  return value;
};
const key = (...parts: string[]): string => {
  let path = "";
  // Not by way of an array: every commit makes several keys.
  for (const each of parts) path += `/${part(each)}`;
  return path;
};

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
  dailyMetrics: (tenant: string, day: string) => key(tenant, "metrics_by_day", day),
  alert: (tenant: string, alertId: string) => key(tenant, "alerts", alertId),
  reply: (tenant: string, replyId: string) => key(tenant, "replies", replyId),
  token: (tenant: string, tokenId: string) => key(tenant, "access_tokens", tokenId),
  template: (tenant: string, templateId: string) => key(tenant, "templates", templateId),
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
  // Ours: one for every filter of the contract. Free text (a name, a path) is percent-encoded.
  instancesByState: (tenant: string, state: InstanceState) => key(tenant, "instances_by_state", state),
  executionsByStatus: (tenant: string, status: ExecutionStatus) =>
    key(tenant, "executions_by_status", status),
  teamsByName: (tenant: string, name: string) =>
    key(tenant, "teams_by_name", encodeURIComponent(name.toWellFormed())),
  runsByStatus: (tenant: string, status: RunStatus) => key(tenant, "runs_by_status", status),
  findingsByPath: (tenant: string, path: string) =>
    key(tenant, "findings_by_path", encodeURIComponent(path.toWellFormed())),
  findingsByStatus: (tenant: string, status: FindingStatus) => key(tenant, "findings_by_status", status),
  changeSetsByTask: (tenant: string, taskId: string) => key(tenant, "change_sets_by_task", taskId),
  findingsByTask: (tenant: string, taskId: string) => key(tenant, "findings_by_task", taskId),
  openRuns: (tenant: string) => key(tenant, "open_runs"),
  openAlerts: (tenant: string) => key(tenant, "open_alerts"),
};
