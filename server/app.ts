import type { RuntimeEvent } from "../schemas/events.ts";
import type { Settings } from "../schemas/settings.ts";
import type { Dispatch } from "./dispatch.ts";
import type { Credentials } from "./gateway/gateway.ts";
import type { Log } from "./log.ts";
import type { Store } from "./store/store.ts";

/** How a worker process is started: program and arguments; `dist/worker.js` in production. */
export interface WorkerEntry {
  command: string;
  args: readonly string[];
}

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

/** A runtime over one workspace folder. */
export interface Runtime {
  /** Parses, authorises, handles; rejects with a CoditectError. */
  readonly dispatch: Dispatch;
  /** Calls the listener with every event from now on; returns how to stop. */
  subscribe(listener: (event: RuntimeEvent) => void): () => void;
  readonly store: Store;
  /** Ends running work as Interrupted, stops every instance, closes the store. */
  close(): Promise<void>;
}
