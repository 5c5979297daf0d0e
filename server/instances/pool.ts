import type { AgentConfig, RuntimeType, RuntimeChoice } from "../../schemas/agent.ts";
import type { AgentInstance } from "../../schemas/instance.ts";
import type { WorkerMethod, WorkerParams, WorkerResult } from "../../schemas/worker.ts";
import type { WorkerNotifications, WorkerRequests } from "../protocol/requests.ts";

export interface ClaimRequest {
  agent: AgentConfig;
  task_id: string;
  /** Absolute path of the workspace the private copy is made from. */
  workspace: string;
  /** Where it may be served; several are tried in their order. */
  runtime: RuntimeChoice;
  image: string | null;
  /** Higher goes first when instances are short. */
  priority: number;
  signal: AbortSignal;
  requests: WorkerRequests;
  notifications: WorkerNotifications;
  /**
   * Asks the user for a host that no list allows: why a command must not connect to it; null: it may. Left
   * out: nobody can be asked.
   */
  toConnect?: (host: string, port: number) => Promise<string | null>;
  /** Called when the place in the queue changes; 0 = about to start. */
  onQueued?: (place: number) => void;
  /** Called when it is as good as served: an instance is free, or the process of a new one runs. */
  onStarted?: () => void;
}

/** An instance that works for one execution, from claim to release. */
export interface ClaimedInstance {
  /** The stored record as it is now. */
  record(): AgentInstance;
  /**
   * Asks the worker. Errors: `worker_died` with the way it ended (exit code, signal, out of
   * memory), `instance_not_started`, `instance_failed`, `cancelled`; an error of the catalogue raised in the worker arrives
   * as such.
   */
  call<M extends WorkerMethod>(
    method: M,
    params: WorkerParams<M>,
    signal: AbortSignal,
  ): Promise<WorkerResult<M>>;
  /** Null: its commands run in a sandbox. Otherwise why there is none. */
  readonly unconfinedReason: string | null;
  /** Processor seconds and peak memory since it was claimed. */
  consumed(): { cpu_seconds: number; peak_memory_mb: number };
  /** Adds what the model calls of this claim used to the instance's ResourceUsage. */
  addUsage(usage: { tokens: number; api_calls: number; cost: number | null }): void;
  /** Completes its task: back to the pool (Idle), or stopped if it is worn out or unhealthy. */
  release(): Promise<void>;
}

/** What an instance uses of its caps, in MB. */
export interface InstanceLoad {
  instance_id: string;
  memory: { used: number; limit: number };
  /** `used: null`: it was not counted yet. */
  disk: { used: number | null; limit: number };
}

/** The instances of one runtime: claims, warm spares, health, recycling, limits. */
export interface Pool {
  /**
   * Resolves if instances may be started there. Errors: `consent_needed` and `sandbox_unavailable`
   * where their commands would run unconfined and that is not allowed.
   */
  admit(runtime: RuntimeType): Promise<void>;
  /** An instance in state Working with the task assigned; waits in a fair queue if there is none. */
  claim(request: ClaimRequest): Promise<ClaimedInstance>;
  /** A spare instance by hand (`instances/create`); resolves when it is Idle. */
  create(agent: AgentConfig, runtime: RuntimeType, actor: string): Promise<AgentInstance>;
  /** `instances/setState`: pause, resume, stop; `illegal_transition` for the rest. */
  setState(
    instanceId: string,
    state: AgentInstance["state"],
    actor: string,
    cause: string,
  ): Promise<AgentInstance>;
  terminate(instanceId: string, actor: string, cause: string): Promise<AgentInstance>;
  /** Executions that wait for an instance. */
  queued(): number;
  /** How much of their caps working instances use. */
  loads(): InstanceLoad[];
  /** Stops every instance; nothing of them is left when it resolves. */
  close(): Promise<void>;
}
