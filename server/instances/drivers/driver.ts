import type { RuntimeType } from "../../../schemas/agent.ts";
import type { Readable, Writable } from "node:stream";
import type { Json } from "../../../schemas/primitives.ts";
import type { LoopbackProxy } from "./egress/proxy.ts";
import type { HiddenPath } from "./hidden.ts";

/** Caps of one instance. If it ends because of a cap, its `WorkerEnd` names that cap. */
export interface InstanceLimits {
  /** Memory of the whole process tree. */
  memory_mb: number;
  /** Processor cores, which may be a fraction. */
  cpus: number;
  processes: number;
  /** The size of the private copy and of the files next to it. */
  disk_mb: number;
}

/** What a driver needs to start a worker, as plain data. Paths are those of this machine. */
export interface WorkerSpec {
  instance_id: string;
  workspace: string;
  /** The workspace and what it needs outside. The worker can read this and nothing else, and cannot write it. */
  readable: readonly string[];
  /** The private copy. It is the only place where files of the worker outlive it. */
  copy: string;
  /** Paths in `readable` that look empty to the worker. */
  hidden: readonly HiddenPath[];
  image: string | null;
  limits: InstanceLimits;
  /** The socket of the runtime's egress proxy; null if there is no network access. */
  egress_socket: string | null;
  /** The same proxy for a sandbox that shares the loopback of this machine; null if it uses the socket. */
  egress_loopback: LoopbackProxy | null;
  /** Whether only commands of an agent that can ask the user get network access; tests do not. */
  egress_on_request: boolean;
}

/**
 * Why a worker has ended. With `exited` and `signalled`, it ended by itself. `out_of_memory` and `limit` mean
 * that it exceeded a cap, `refused` that it broke the protocol, `unresponsive` that it failed health checks,
 * and `stopped` that somebody requested it. A cluster causes the last three.
 */
export interface WorkerEnd {
  kind:
    | "exited"
    | "signalled"
    | "out_of_memory"
    | "limit"
    | "refused"
    | "unresponsive"
    | "stopped"
    | "evicted"
    | "preempted"
    | "node_lost";
  /** A description for `error_message`, such as `exit code 3`, `signal SIGKILL` or `out of memory: …`. */
  how: string;
}

/** What a worker and everything it started use now. */
export interface WorkerUsage {
  /** Processor seconds since the start, including those of children that have ended. */
  cpu_seconds: number;
  memory_mb: number;
  processes: number;
}

/** Access to the files of a worker that does not see this machine's own. */
export interface RemoteFiles {
  /** Updates the workspace that the worker sees. Errors: the engine's own, `cancelled`. */
  refresh: (signal: AbortSignal) => Promise<void>;
  /** Bytes that its private copy takes. */
  copyBytes(): Promise<number>;
}

/** A started worker that has received no message yet. */
export interface RunningWorker {
  /** Process or container id. */
  readonly runtimeId: string;
  readonly input: Writable;
  readonly output: Readable;
  /** `local` for this machine, else the host of its engine. */
  readonly region: string;
  /** Paths of the workspace and the copy as the worker sees them. */
  readonly paths: { source: string; copy: string };
  /** The environment that the instance sees. */
  readonly environment: Record<string, string>;
  /** How the worker is confined, for the instance's record. */
  readonly details: Record<string, Json>;
  /** Why the commands of this worker run unconfined; null if they are confined. */
  readonly unconfinedReason: string | null;
  /** Null if the worker sees the workspace of this machine and its private copy is here. */
  readonly remote: RemoteFiles | null;
  readonly ended: Promise<WorkerEnd>;
  /** What it uses, at most `maxAge` milliseconds ago. The default is 200. */
  usage(maxAge?: number): Promise<WorkerUsage>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends it and everything that it started. `ended` resolves with this reason unless it had ended before. */
  kill(reason: WorkerEnd): Promise<WorkerEnd>;
}

/** Reports what a start waits for; null if it waits for nothing. */
export type TellWait = (waitsFor: string | null) => void;

/** Where instances run. All drivers pass `test/integration/instances/conformance.ts`. */
export interface Driver {
  readonly runtime: RuntimeType;
  /**
   * Rejects if a worker would be refused. If left out, none is. Errors: `sandbox_unavailable`,
   * `consent_needed`.
   */
  admit?(): Promise<void>;
  /**
   * Starts a worker. Errors: `instance_not_started`, `engine_unavailable`, `image_missing`, `image_outdated`,
   * `cluster_unavailable`, `cloud_run_unavailable`, `instance_exposed`, `cancelled`.
   *
   * @param tellWait called each time with the new reason for waiting, such as `no node can take its pod: …`
   */
  start(spec: WorkerSpec, signal: AbortSignal, tellWait: TellWait): Promise<RunningWorker>;
  /** Ends the workers that an earlier runtime of the same state folder left behind. Returns how many. */
  removeOrphans(): Promise<number>;
  /** Removes what remains after the last instance. */
  close?(): Promise<void>;
}
