import { setTimeout as wait } from "node:timers/promises";
import { heldCredentials, type HeldCredentials } from "../gateway/credentials.ts";
import { attach } from "./attach.ts";
import { type Endpoint, readEndpoint } from "./endpoints.ts";
import { forwarding } from "./forwarding.ts";
import { claimStateFolder } from "./state-stamp.ts";
import { CoditectError, fail } from "../../schemas/errors.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import type { SettingsInput } from "../../schemas/settings.ts";
import { createDispatch, type Dispatch } from "../runtime/dispatch.ts";
import type { Log } from "../platform/log.ts";
import { type OwnedRuntimeOptions, type ServeOptions, serveRuntime } from "./serve-runtime.ts";
import { readLock } from "../store/lock.ts";

/** What answers for a folder: a runtime of this process, or one of another that owns the state. */
export interface FolderRuntime {
  readonly dispatch: Dispatch;
  subscribe(listener: (event: RuntimeEvent) => void): () => void;
  /** Changes the settings of a runtime of this process; another process has its own. */
  configure?(settings: SettingsInput, workspaceSettings: readonly SettingsInput[]): void;
  /** Whether runs go on without this process, as on a team server. */
  readonly isElsewhere?: boolean;
  /** Calls the listener when a team server is out of reach, and when it answers again. */
  onReach?(listener: (isReached: boolean) => void): () => void;
  /** Rejects when the process that answers has ended; ours never has. */
  readonly lost?: Promise<never>;
  close(): Promise<void>;
}

const attached = async (endpoint: Endpoint, keys: HeldCredentials, log: Log): Promise<FolderRuntime> => {
  const connection = await attach(endpoint);
  return {
    dispatch: createDispatch(forwarding(connection, keys), { log }),
    subscribe: (listener) => connection.subscribe(listener),
    lost: connection.lost,
    close: () => connection.close(),
  };
};

/** An owner that ends closes its surface first and gives the folder up when its work is put away. */
const ENDING_MILLISECONDS = 5000;
const RETRY_MILLISECONDS = 100;

export type { OwnedRuntimeOptions } from "./serve-runtime.ts";

const endpointOfOwner = async (stateFolder: string): Promise<Endpoint | null> => {
  const owner = await readLock(stateFolder);
  return owner === null ? null : readEndpoint(stateFolder, owner.pid);
};

/** One attempt; `null` when the folder has an owner that does not answer. */
const tryToOpen = async (
  options: OwnedRuntimeOptions & { editorKeys: HeldCredentials },
  serve: ServeOptions,
): Promise<FolderRuntime | null> => {
  const { stateFolder, editorKeys, log } = options;
  const endpoint = await endpointOfOwner(stateFolder);
  if (endpoint !== null) return attached(endpoint, editorKeys, log).catch(() => null);
  try {
    return await serveRuntime(options, serve);
  } catch (error) {
    // Another process was faster by a moment: the next attempt asks it.
    const faster = await endpointOfOwner(stateFolder);
    if (error instanceof CoditectError && error.code === "state_locked" && faster !== null) return null;
    throw error;
  }
};

/**
 * A runtime over a state folder: our own, reachable for others, or the one of the process that owns
 * the folder already. Calls are checked and authorised here in both cases. Errors: `state_foreign` before
 * anything of the folder is read, `state_locked` when the owner cannot be asked, and those of
 * `createRuntime`.
 */
export const openRuntime = async (
  options: OwnedRuntimeOptions,
  serve: ServeOptions,
): Promise<FolderRuntime> => {
  claimStateFolder(options.stateFolder, options.workspace);
  const withKeys = { ...options, editorKeys: options.editorKeys ?? heldCredentials() };
  for (const until = Date.now() + ENDING_MILLISECONDS; Date.now() < until;) {
    const runtime = await tryToOpen(withKeys, serve);
    if (runtime !== null) return runtime;
    await wait(RETRY_MILLISECONDS);
  }
  const owner = await readLock(options.stateFolder);
  throw fail("state_locked", { path: options.stateFolder, pid: owner?.pid ?? "unknown" });
};
