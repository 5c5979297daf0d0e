import { randomUUID } from "node:crypto";
import type { RuntimeType } from "../../schemas/agent.ts";
import { fail } from "../../schemas/errors.ts";
import type { AgentInstance, InstanceState, ResourceUsage } from "../../schemas/instance.ts";
import type { Timestamp } from "../../schemas/primitives.ts";

/** Consecutive failed health checks after which an instance is Failed. Documents: "Health Monitoring". */
export const FAILURES_UNTIL_FAILED = 3;

/** Documents: "Valid State Transitions". `Terminated` is the only state that nothing leaves. */
const transitions: Readonly<Record<InstanceState, readonly InstanceState[]>> = {
  Provisioning: ["Starting", "Stopping", "Failed"],
  Starting: ["Idle", "Stopping", "Failed"],
  Idle: ["Working", "Paused", "Stopping", "Failed"],
  Working: ["Idle", "Paused", "Stopping", "Failed"],
  Paused: ["Working", "Stopping", "Failed"],
  Stopping: ["Terminated", "Failed"],
  Failed: ["Stopping"],
  Terminated: [],
};

export const canTransition = (from: InstanceState, to: InstanceState): boolean =>
  transitions[from].includes(to);

/** Whether the instance still has a process or container. Documents: key `active_instances`. */
export const isActive = (instance: AgentInstance): boolean =>
  instance.state !== "Terminated" && instance.state !== "Failed";

export interface NewInstance {
  agent_id: string;
  tenant_id: string;
  runtime_type: RuntimeType;
  agent_version: string;
  environment?: Record<string, string>;
}

/** A new instance in state Provisioning. Documents: `AgentInstance::new`. */
export const newInstance = (instance: NewInstance, now: Timestamp): AgentInstance => ({
  instance_id: randomUUID(),
  agent_id: instance.agent_id,
  tenant_id: instance.tenant_id,
  state: "Provisioning",
  assigned_task_id: null,
  metadata: {
    runtime_id: "",
    region: "local",
    runtime_type: instance.runtime_type,
    environment: instance.environment ?? {},
    agent_version: instance.agent_version,
    provider_metadata: {},
  },
  resources: {
    cpu_percent: 0,
    memory_mb: 0,
    tokens_used: 0,
    api_calls: 0,
    cost_accrued: 0,
    last_updated: now,
  },
  created_at: now,
  updated_at: now,
  task_started_at: null,
  health: { is_healthy: true, last_check: now, failure_count: 0, error_message: null },
});

/**
 * The instance in its new state; a task ends with the state that ends the instance.
 * Documents: `AgentInstance::transition_state`. Errors: `illegal_transition`.
 */
export const transitionState = (
  instance: AgentInstance,
  to: InstanceState,
  now: Timestamp,
): AgentInstance => {
  if (!canTransition(instance.state, to)) {
    throw fail("illegal_transition", { what: `Instance ${instance.instance_id}`, from: instance.state, to });
  }
  const ended = to === "Terminated" || to === "Failed";
  return {
    ...instance,
    state: to,
    updated_at: now,
    assigned_task_id: ended ? null : instance.assigned_task_id,
    task_started_at: ended ? null : instance.task_started_at,
  };
};

/** Idle → Working on a task. Documents: `AgentInstance::assign_task`. Errors: `illegal_transition`. */
export const assignTask = (instance: AgentInstance, taskId: string, now: Timestamp): AgentInstance => {
  if (instance.state !== "Idle") {
    throw fail("illegal_transition", {
      what: `Instance ${instance.instance_id}`,
      from: instance.state,
      to: "Working",
    });
  }
  return { ...transitionState(instance, "Working", now), assigned_task_id: taskId, task_started_at: now };
};

/** Working → Idle, without a task. Documents: `AgentInstance::complete_task`. Errors: `illegal_transition`. */
export const completeTask = (instance: AgentInstance, now: Timestamp): AgentInstance => {
  if (instance.state !== "Working") {
    throw fail("illegal_transition", {
      what: `Instance ${instance.instance_id}`,
      from: instance.state,
      to: "Idle",
    });
  }
  return { ...transitionState(instance, "Idle", now), assigned_task_id: null, task_started_at: null };
};

/** What was measured since the last update; `cpu_percent` and `memory_mb` as they are now. */
export interface MeasuredResources {
  cpu_percent?: number;
  memory_mb?: number;
  /** Added to the present ones. */
  tokens?: number;
  api_calls?: number;
  /** Dollars; null where a price is not known, which makes the sum unknown. */
  cost?: number | null;
}

const addCost = (before: number | null, more: number | null): number | null =>
  before === null || more === null ? null : before + more;

/** Documents: `AgentInstance::update_resources`, "ResourceUsage Structure". */
export const updateResources = (
  instance: AgentInstance,
  measured: MeasuredResources,
  now: Timestamp,
): AgentInstance => {
  const before = instance.resources;
  const resources: ResourceUsage = {
    cpu_percent: Math.min(100, Math.max(0, measured.cpu_percent ?? before.cpu_percent)),
    memory_mb: Math.round(measured.memory_mb ?? before.memory_mb),
    tokens_used: before.tokens_used + (measured.tokens ?? 0),
    api_calls: before.api_calls + (measured.api_calls ?? 0),
    cost_accrued: addCost(before.cost_accrued, measured.cost ?? (measured.cost === null ? null : 0)),
    last_updated: now,
  };
  return { ...instance, resources };
};

/**
 * The result of a health check; the third failure in a row moves the instance to Failed.
 * Documents: `AgentInstance::update_health`, "Health Monitoring".
 */
export const updateHealth = (
  instance: AgentInstance,
  isHealthy: boolean,
  error: string | null,
  now: Timestamp,
): AgentInstance => {
  const failureCount = isHealthy ? 0 : instance.health.failure_count + 1;
  const checked: AgentInstance = {
    ...instance,
    health: {
      is_healthy: isHealthy,
      last_check: now,
      failure_count: failureCount,
      error_message: isHealthy ? null : error,
    },
  };
  return failureCount >= FAILURES_UNTIL_FAILED && canTransition(checked.state, "Failed")
    ? transitionState(checked, "Failed", now)
    : checked;
};

/** Idle for more than that many minutes. Documents: `AgentInstance::should_terminate_for_inactivity`. */
export const shouldTerminateForInactivity = (
  instance: AgentInstance,
  timeoutMinutes: number,
  now: Timestamp,
): boolean =>
  instance.state === "Idle" && Date.parse(now) - Date.parse(instance.updated_at) > timeoutMinutes * 60_000;
