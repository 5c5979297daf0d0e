import { join } from "node:path";
import { fail } from "../../schemas/errors.ts";
import { Settings, type SettingsInput } from "../../schemas/settings.ts";
import type { RuntimeOptions } from "../app.ts";
import { workerEntry } from "../installation.ts";
import { readLock } from "../store/lock.ts";
import type { Connection } from "./follow.ts";
import { cliLog } from "./log.ts";
import { cliCredentials } from "./secrets.ts";

export const stateFolderOf = (workspace: string): string => join(workspace, ".coditect", "state");

/** What a runtime that a command starts is given. */
export const runtimeOptions = (
  workspace: string,
  settings: SettingsInput,
  environment: NodeJS.ProcessEnv,
): RuntimeOptions => ({
  workspace,
  stateFolder: stateFolderOf(workspace),
  settings: Settings.parse(settings),
  credentials: cliCredentials(environment),
  worker: workerEntry(),
  log: cliLog(environment),
});

/**
 * A runtime over the workspace. One process owns a state folder: if that is another one, its REST
 * surface is asked. Errors: `state_locked` if it serves none.
 */
export const connect = async (
  workspace: string,
  settings: SettingsInput,
  environment: NodeJS.ProcessEnv,
): Promise<Connection> => {
  const owner = await readLock(stateFolderOf(workspace));
  if (owner !== null) {
    if (owner.endpoint === null)
      throw fail("state_locked", { path: stateFolderOf(workspace), pid: owner.pid });
    const { attach } = await import("./attach.ts");
    return attach(owner.endpoint);
  }
  const { createRuntime } = await import("../app.ts");
  const runtime = await createRuntime(runtimeOptions(workspace, settings, environment));
  const caller = { role: "admin", surface: "cli" } as const;
  const never = new AbortController().signal;
  return {
    call: (method, params) => runtime.dispatch(method, params, caller, never),
    subscribe: (listener) => runtime.subscribe(listener),
    // It is this process: what ends it ends the command too.
    lost: new Promise(() => undefined),
    close: () => runtime.close(),
  };
};
