import type { AgentConfig, RuntimeType, RuntimeChoice } from "../../schemas/agent.ts";
import type { AgentInstance } from "../../schemas/instance.ts";
import type { WorkerMethod, WorkerParams, WorkerResult } from "../../schemas/worker.ts";
import type { WorkerNotifications, WorkerRequests } from "../protocol/requests.ts";

export interface ClaimRequest {
  agent: AgentConfig;
  task_id: string;
  /** The absolute path of the workspace that the private copy is made from. */
  workspace: string;
  /** The runtimes that may serve it, in the order in which they are tried. */
  runtime: RuntimeChoice;
  image: string | null;
  /** If instances are scarce, claims with a higher priority are served first. */
  priority: number;
  signal: AbortSignal;
  requests: WorkerRequests;
  notifications: WorkerNotifications;
  /**
   * Asks the user about a host that no list allows. Resolves with why a command must not connect to it, or null
   * if it may. If left out, nobody can be asked.
   */
  toConnect?: (host: string, port: number) => Promise<string | null>;
  /** Called when the place in the queue changes. 0 means that the claim is about to be served. */
  onQueued?: (place: number) => void;
  /** Called when an instance is free, or when the process of a new one runs. */
  onStarted?: () => void;
}

/** An instance that works for one execution, from its claim to its release. */
export interface ClaimedInstance {
  /** The current record. */
  record(): AgentInstance;
  /**
   * Calls the worker. Errors: `worker_died` with the reason (exit code, signal, out of memory),
   * `instance_not_started`, `instance_failed`, `cancelled`, and the worker's own errors of the catalogue.
   */
  call<M extends WorkerMethod>(
    method: M,
    params: WorkerParams<M>,
    signal: AbortSignal,
  ): Promise<WorkerResult<M>>;
  /** Why its commands run without a sandbox; null if they run in one. */
  readonly unconfinedReason: string | null;
  /** Processor seconds and peak memory since the claim. */
  consumed(): { cpu_seconds: number; peak_memory_mb: number };
  /** Adds the usage of this claim's model calls to the instance's ResourceUsage. */
  addUsage(usage: { tokens: number; api_calls: number; cost: number | null }): void;
  /** Completes its task. The instance returns to the pool (Idle), or ends if it is worn out or unhealthy. */
  release(): Promise<void>;
}

/** What an instance uses, and its caps, in MB. */
export interface InstanceLoad {
  instance_id: string;
  memory: { used: number; limit: number };
  /** `used` is null until the copy is measured for the first time. */
  disk: { used: number | null; limit: number };
}

/** Manages the instances of one runtime: claims, warm spares, health checks, recycling and limits. */
export interface Pool {
  /**
   * Resolves if instances may start on this runtime. Errors: `consent_needed` and `sandbox_unavailable`, if
   * their commands would run unconfined and that is not allowed.
   */
  admit(runtime: RuntimeType): Promise<void>;
  /** Resolves with an instance in state Working with the task assigned. Waits in a fair queue if none is free. */
  claim(request: ClaimRequest): Promise<ClaimedInstance>;
  /** Starts a spare instance for the user (`instances/create`). Resolves when it is Idle. */
  create(agent: AgentConfig, runtime: RuntimeType, actor: string): Promise<AgentInstance>;
  /** Pauses, resumes or stops an instance (`instances/setState`). Errors: `illegal_transition`. */
  setState(
    instanceId: string,
    state: AgentInstance["state"],
    actor: string,
    cause: string,
  ): Promise<AgentInstance>;
  terminate(instanceId: string, actor: string, cause: string): Promise<AgentInstance>;
  /** The number of executions that wait for an instance. */
  queued(): number;
  /** What working instances use, next to their caps. */
  loads(): InstanceLoad[];
  /** Stops every instance. Nothing of them is left when it resolves. */
  close(): Promise<void>;
}
