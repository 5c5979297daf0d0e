import type { RuntimeType } from "../../../schemas/agent.ts";
import type { Readable, Writable } from "node:stream";
import type { Json } from "../../../schemas/primitives.ts";
import type { LoopbackProxy } from "./egress/proxy.ts";
import type { HiddenPath } from "./hidden.ts";

/** Caps of one instance; the end of an instance names the exceeded one. */
export interface InstanceLimits {
  /** Memory of the whole process tree. */
  memory_mb: number;
  /** Processor cores, with fractions. */
  cpus: number;
  processes: number;
  /** Size of the private copy and of the files next to it. */
  disk_mb: number;
}

/** Plain data from which a driver makes a worker. Paths are the machine's own. */
export interface WorkerSpec {
  instance_id: string;
  workspace: string;
  /** The workspace and what belongs to it outside; all the worker can read, and read-only. */
  readable: readonly string[];
  /** The private copy, all the worker can write that outlives it. */
  copy: string;
  /** Parts of it that look empty to the worker. */
  hidden: readonly HiddenPath[];
  image: string | null;
  limits: InstanceLimits;
  /** Socket of the runtime's egress proxy; null: there is no network access. */
  egress_socket: string | null;
  /** The same proxy for a sandbox that shares the loopback of this machine; null: it uses the socket. */
  egress_loopback: LoopbackProxy | null;
  /** Whether only commands of an agent that can ask the user get network access; tests do not. */
  egress_on_request: boolean;
}

/**
 * Why a worker has ended. `exited` and `signalled` are its own end, `out_of_memory` and `limit` name a
 * cap, `refused` a broken protocol, `unresponsive` failed health checks, `stopped` a request; the last
 * three are what a cluster does with a pod.
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
  /** In words, for `error_message`: `exit code 3`, `signal SIGKILL`, `out of memory: …`. */
  how: string;
}

/** What a worker and everything it started use now. */
export interface WorkerUsage {
  /** Processor seconds since the start, ended children included. */
  cpu_seconds: number;
  memory_mb: number;
  processes: number;
}

/** Files of a worker that does not see this machine's own. */
export interface RemoteFiles {
  /** Updates the workspace that the worker sees. Errors: the engine's own, `cancelled`. */
  refresh: (signal: AbortSignal) => Promise<void>;
  /** Bytes that its private copy takes, wherever it is. */
  copyBytes(): Promise<number>;
}

/** A started worker that has received no message yet. */
export interface RunningWorker {
  /** Process or container id. */
  readonly runtimeId: string;
  readonly input: Writable;
  readonly output: Readable;
  /** Where it is: `local` for this machine, else the host of its engine. */
  readonly region: string;
  /** Workspace and copy as the worker sees them. */
  readonly paths: { source: string; copy: string };
  /** What the instance sees as environment. */
  readonly environment: Record<string, string>;
  /** How it is confined, for the record. */
  readonly details: Record<string, Json>;
  /** Null: confined. Otherwise why the commands of this worker run unconfined. */
  readonly unconfinedReason: string | null;
  /** Null: it sees the workspace of this machine, and its private copy is here. */
  readonly remote: RemoteFiles | null;
  readonly ended: Promise<WorkerEnd>;
  /** At most `maxAge` milliseconds old; 200 if left out. */
  usage(maxAge?: number): Promise<WorkerUsage>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends it and everything it started; `ended` has this reason unless it had ended before. */
  kill(reason: WorkerEnd): Promise<WorkerEnd>;
}

/** Reports what a start waits for. Null: the start is under way and waits for nothing. */
export type TellWait = (waitsFor: string | null) => void;

/** Where instances run. All drivers pass `test/integration/instances/conformance.ts`. */
export interface Driver {
  readonly runtime: RuntimeType;
  /**
   * Rejects if a worker would be refused; left out: none is. Errors: `sandbox_unavailable`,
   * `consent_needed`.
   */
  admit?(): Promise<void>;
  /**
   * Errors: `instance_not_started`, `engine_unavailable`, `image_missing`, `image_outdated`,
   * `cluster_unavailable`, `cloud_run_unavailable`, `instance_exposed`, `cancelled`.
   *
   * @param tellWait called each time with the new reason for waiting, such as `no node can take its pod: …`
   */
  start(spec: WorkerSpec, signal: AbortSignal, tellWait: TellWait): Promise<RunningWorker>;
  /** Ends what an earlier runtime of the same state folder left behind; returns how many. */
  removeOrphans(): Promise<number>;
  /** Removes what remains after the last instance; left out: there is nothing. */
  close?(): Promise<void>;
}
