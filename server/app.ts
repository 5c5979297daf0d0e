import type { RuntimeEvent } from "../schemas/events.ts";
import type { Settings } from "../schemas/settings.ts";
import type { Credentials } from "./gateway/gateway.ts";
import type { Store } from "./store/store.ts";

/** How a worker process is started: program and arguments; `dist/worker.js` in production. */
export interface WorkerEntry {
  command: string;
  args: readonly string[];
}

/** One structured line of the runtime's own log; secrets are redacted before it is written. */
export type Log = (
  level: "debug" | "info" | "warn" | "error",
  message: string,
  data?: Record<string, unknown>,
) => void;

export interface RuntimeOptions {
  /** Absolute path of the workspace folder. */
  workspace: string;
  /** Absolute path; left out: `.coditect/state` in the workspace. */
  stateFolder?: string;
  settings: Settings;
  credentials: Credentials;
  worker: WorkerEntry;
  log: Log;
  /** Where other processes reach this runtime; goes into the lock file. */
  endpoint?: { url: string; token: string };
}

/** A caller of the contract: what it may do, and which surface it came through (for the audit). */
export interface Caller {
  role: "viewer" | "operator" | "admin";
  surface: "editor" | "cli" | "rest" | "lsp";
}

/** A runtime over one workspace folder. */
export interface Runtime {
  /** Parses, authorises, handles; rejects with a CoditectError. */
  dispatch(method: string, params: unknown, caller: Caller, signal: AbortSignal): Promise<unknown>;
  /** Calls the listener with every event from now on; returns how to stop. */
  subscribe(listener: (event: RuntimeEvent) => void): () => void;
  readonly store: Store;
  /** Ends running work as Interrupted, stops every instance, closes the store. */
  close(): Promise<void>;
}
