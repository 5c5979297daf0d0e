import { join } from "node:path";
import type { Method } from "../../../../schemas/contract.ts";
import { CoditectError } from "../../../../schemas/errors.ts";
import type { SettingsInput } from "../../../../schemas/settings.ts";
import { version, workerEntry } from "../../../platform/installation.ts";
import type { FolderRuntime, OwnedRuntimeOptions } from "../../../hosting/open-runtime.ts";
import type { Connection } from "../../../hosting/connection.ts";
import { cliLog } from "./log.ts";
import { guessedSettings } from "./options.ts";
import { cliCredentials, credentialStore } from "./secrets.ts";

export const stateFolderOf = (workspace: string): string => join(workspace, ".coditect", "state");

/** The options of a runtime that a command starts. */
export const runtimeOptions = (
  workspace: string,
  settings: SettingsInput,
  environment: NodeJS.ProcessEnv,
  guessed: SettingsInput = {},
  stored = credentialStore(environment),
): OwnedRuntimeOptions => ({
  workspace,
  stateFolder: stateFolderOf(workspace),
  settings,
  guessedSettings: { ...guessedSettings(environment), ...guessed },
  credentials: cliCredentials(environment, stored),
  secrets: stored,
  worker: workerEntry(),
  log: cliLog(environment),
});

const caller = { role: "admin", surface: "cli" } as const;
const never = new AbortController().signal;

/** Methods that start work on a run. The run then belongs to this command. */
const startsRun: ReadonlySet<Method> = new Set(["teams/execute", "runs/resume", "runs/retry"]);

/** The active runs of this process's runtime: runs of this command and of others. */
const watchRuns = (runtime: FolderRuntime) => {
  const running = new Set<string>();
  let look = (): void => undefined;
  const stop = runtime.subscribe((event) => {
    if (event.type === "run.started") running.add(event.task_id);
    const waits = event.type === "run.changed" && event.status === "WaitingForApproval";
    if (event.type === "run.finished" || waits) running.delete(event.task_id);
    look();
  });
  return {
    stop,
    /** Resolves when all other runs have ended or wait for a person, or the signal aborts. */
    othersEnd: (own: ReadonlySet<string>, signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        look = () => {
          if (signal.aborted || [...running].every((taskId) => own.has(taskId))) resolve();
        };
        signal.addEventListener("abort", look, { once: true });
        look();
      }),
  };
};

/**
 * A runtime for the workspace. One process owns a state folder. If another process owns it, calls go to that
 * process. Otherwise, this runtime is available to other processes until `close`, which waits for the runs
 * that they started here, unless `signal` aborts. Errors: `state_locked` if the owner cannot be reached.
 */
export const connect = async (
  workspace: string,
  settings: SettingsInput,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal = never,
  guessed: SettingsInput = {},
): Promise<Connection> => {
  const [{ openRuntime }, { serveRest }] = await Promise.all([
    import("../../../hosting/open-runtime.ts"),
    import("../../rest/rest.ts"),
  ]);
  const options = runtimeOptions(workspace, settings, environment, guessed);
  const ownRuns = new Set<string>();
  const lost = Promise.withResolvers<never>();
  // Only callers that follow a run wait for it. Others need no error from it.
  lost.promise.catch(() => undefined);

  const open = async (): Promise<FolderRuntime> => {
    const opened = await openRuntime(options, { openSurface: serveRest, version: version() });
    opened.lost?.catch(lost.reject);
    return opened;
  };
  let runtime = await open();
  const runs = watchRuns(runtime);

  return {
    call: async (method, params) => {
      const result = await runtime.dispatch(method, params, caller, never).catch(async (error: unknown) => {
        // The owner of the runtime ended because it had no more work. A run that may have started there is
        // not started again.
        const isGone = error instanceof CoditectError && error.code === "runtime_gone";
        if (!isGone || startsRun.has(method)) throw error;
        runtime = await open();
        return runtime.dispatch(method, params, caller, never);
      });
      if (startsRun.has(method) && "task_id" in result) ownRuns.add(result.task_id);
      return result;
    },
    subscribe: (listener) => runtime.subscribe(listener),
    isAttached: runtime.lost !== undefined,
    lost: lost.promise,
    close: async () => {
      if (runtime.lost === undefined) await runs.othersEnd(ownRuns, signal);
      runs.stop();
      await runtime.close();
    },
  };
};
