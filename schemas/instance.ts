import { z } from "zod";
import { RuntimeType } from "./agent.ts";
import { Count, Json, Timestamp, Uuid } from "./primitives.ts";

/** Runtime state of an instance. Documents: "InstanceState Enum". */
export const InstanceState = z.enum([
  "Provisioning",
  "Starting",
  "Idle",
  "Working",
  "Paused",
  "Stopping",
  "Terminated",
  "Failed",
]);
export type InstanceState = z.infer<typeof InstanceState>;

/** States of an instance that has a process, container or pod, or is about to get one. */
export const ActiveState = InstanceState.exclude(["Terminated", "Failed"]);

/** Runtime information of an instance. Documents: "InstanceMetadata Structure". */
const InstanceMetadata = z.strictObject({
  /** Process id (Local) or container id (Docker); empty until there is one. */
  runtime_id: z.string(),
  /** Where it runs: `local` for this machine, else the host of its container engine. */
  region: z.string(),
  runtime_type: RuntimeType,
  /** What the instance sees as environment; never a secret. */
  environment: z.record(z.string(), z.string()),
  agent_version: z.string(),
  provider_metadata: z.record(z.string(), Json),
});
type InstanceMetadata = z.infer<typeof InstanceMetadata>;

/** Resource tracking of an instance. Documents: "ResourceUsage Structure". */
export const ResourceUsage = z.strictObject({
  /** 0 to 100: the share of what the machine (or the container's cap) has. */
  cpu_percent: z.number().min(0).max(100),
  memory_mb: Count,
  tokens_used: Count,
  api_calls: Count,
  /** Dollars. */
  cost_accrued: z.number().nonnegative().nullable(),
  last_updated: Timestamp,
});
export type ResourceUsage = z.infer<typeof ResourceUsage>;

/** Health of an instance. Documents: "HealthStatus Structure". */
const HealthStatus = z.strictObject({
  is_healthy: z.boolean(),
  last_check: Timestamp,
  /** Consecutive failures; the third moves the instance to Failed. */
  failure_count: Count,
  error_message: z.string().nullable(),
});
type HealthStatus = z.infer<typeof HealthStatus>;

/** A running instance of an agent. Documents: "AgentInstance Model". */
export const AgentInstance = z.strictObject({
  instance_id: Uuid,
  agent_id: Uuid,
  tenant_id: Uuid,
  state: InstanceState,
  assigned_task_id: Uuid.nullable(),
  metadata: InstanceMetadata,
  resources: ResourceUsage,
  created_at: Timestamp,
  updated_at: Timestamp,
  task_started_at: Timestamp.nullable(),
  health: HealthStatus,
});
export type AgentInstance = z.infer<typeof AgentInstance>;

/** What happened to an instance. The documents name the record and its key; its fields are ours. */
const LifecycleEventType = z.enum([
  "Created",
  "StateChanged",
  "TaskAssigned",
  "TaskCompleted",
  "HealthCheckFailed",
  "HealthRecovered",
  "LimitExceeded",
  "ConnectionRefused",
  "ConnectionOpened",
]);
type LifecycleEventType = z.infer<typeof LifecycleEventType>;

/** One line of an instance's audit trail. Documents: "Audit Trail", "Lifecycle Event Storage". */
export const LifecycleEvent = z.strictObject({
  event_id: Uuid,
  tenant_id: Uuid,
  instance_id: Uuid,
  timestamp: Timestamp,
  event_type: LifecycleEventType,
  /** Who caused it: `runtime`, `pool`, `health`, `user:<surface>`. */
  actor: z.string(),
  /** Why, in words. */
  cause: z.string(),
  from_state: InstanceState.nullable(),
  to_state: InstanceState.nullable(),
  details: z.record(z.string(), Json),
});
export type LifecycleEvent = z.infer<typeof LifecycleEvent>;
