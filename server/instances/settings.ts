import { totalmem } from "node:os";
import type { AgentType, RuntimeType } from "../../schemas/agent.ts";
import type { Settings } from "../../schemas/settings.ts";
import type { InstanceLimits } from "./drivers/driver.ts";
import { parseAllowedHost } from "./drivers/egress/policy.ts";
import type { AllowedHost } from "./drivers/egress/policy.ts";

/** The number of instances of one kind. */
export interface PoolSize {
  /** Idle termination and scaling keep at least this many. */
  minimum: number;
  /** Spares that are kept ready in advance. */
  target: number;
  maximum: number;
}

/** The settings that the pool needs, in its own units. */
export interface PoolSettings {
  /** Sizes by agent type. `other` is for the types that are not listed. */
  sizes: Partial<Record<AgentType, PoolSize>> & { other: PoolSize };
  /** The cap for all instances together. */
  maximum: number;
  /** The cap for instances on this machine. */
  maximum_here: number;
  /** The memory of this machine for agents that ask for an amount. */
  machine_memory_mb: number;
  /** Whether instances run on this machine only. */
  local_only: boolean;
  /** The maximum number of waiting executions. The next one is refused with `queue_full`. */
  queue: number;
  /** Documents: "Automatic Termination". */
  idle_minutes: number;
  /** Documents: "Instance recycling after N executions". */
  recycle_after: number;
  health: { interval_ms: number; deadline_ms: number };
  /** How long a worker may take to start. */
  start_ms: Record<RuntimeType, number>;
  limits: InstanceLimits;
  /** How often the caps of a working instance are checked. */
  watch_ms: number;
  fall_back_to_local: boolean;
  /** Hosts and ports that commands may reach. Invalid lines are left out. */
  allowed_hosts: readonly AllowedHost[];
  allowed_commands: readonly string[];
  /** Whether agents may ask the user for a host that is not on the list. */
  may_ask: boolean;
  command_timeout_seconds: number;
  /** The report that the test command writes; null means those of its runners. */
  test_report: string | null;
  /** The maximum output of one command that is kept. */
  output_bytes: number;
  /** Private copies are removed if nobody has used them for this many days. */
  copy_days: number;
  /** The number of free private copies of a workspace that are kept for the next instances. */
  copies: number;
}

export const poolSettings = (settings: Settings): PoolSettings => {
  const { pool } = settings;
  return {
    sizes: { other: { minimum: pool.min_idle, target: pool.min_idle, maximum: pool.max_instances } },
    maximum: pool.max_instances,
    maximum_here: pool.max_local ?? pool.max_instances,
    machine_memory_mb: pool.machine_memory_mb ?? Math.floor(totalmem() / 1024 ** 2),
    local_only: settings.local_only,
    queue: pool.max_queued,
    idle_minutes: pool.idle_minutes,
    recycle_after: pool.recycle_after,
    health: {
      interval_ms: pool.health_interval_seconds * 1000,
      deadline_ms: pool.health_deadline_seconds * 1000,
    },
    // Some clusters add a node first.
    start_ms: {
      Local: 60_000,
      Docker: 60_000,
      Kubernetes: settings.kubernetes.start_seconds * 1000,
      CloudRun: settings.cloud_run.start_seconds * 1000,
    },
    limits: {
      memory_mb: pool.memory_mb,
      cpus: pool.cpus,
      processes: pool.pids,
      disk_mb: pool.disk_mb,
    },
    watch_ms: 250,
    fall_back_to_local: settings.fall_back_to_local,
    allowed_hosts: settings.allowed_hosts.flatMap((line) => parseAllowedHost(line) ?? []),
    allowed_commands: settings.allowed_commands,
    may_ask: settings.permissions === "ask",
    command_timeout_seconds: settings.test_timeout_seconds,
    test_report: settings.test_report,
    output_bytes: 256 * 1024,
    copy_days: 14,
    copies: 4,
  };
};
