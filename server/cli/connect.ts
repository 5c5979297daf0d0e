import { join } from "node:path";
import { fail } from "../../schemas/errors.ts";
import { Settings, type SettingsInput } from "../../schemas/settings.ts";
import { workerEntry } from "../installation.ts";
import type { Connection } from "./follow.ts";
import { cliLog } from "./log.ts";

/**
 * A runtime over the workspace. One process owns a state folder: if that is another one, its REST
 * surface is asked. Errors: `state_locked` if it serves none.
 */
export const connect = async (
  workspace: string,
  settings: SettingsInput,
  environment: NodeJS.ProcessEnv,
): Promise<Connection> => {
  const { readLock } = await import("../store/lock.ts");
  const stateFolder = join(workspace, ".coditect", "state");
  const owner = await readLock(stateFolder);
  if (owner !== null) {
    if (owner.endpoint === null) throw fail("state_locked", { path: stateFolder, pid: owner.pid });
    const { attach } = await import("./attach.ts");
    return attach(owner.endpoint);
  }
  const [{ createRuntime }, { environmentCredentials }] = await Promise.all([
    import("../app.ts"),
    import("../gateway/credentials.ts"),
  ]);
  const runtime = await createRuntime({
    workspace,
    stateFolder,
    settings: Settings.parse(settings),
    credentials: environmentCredentials(environment),
    worker: workerEntry(),
    log: cliLog(environment),
  });
  const caller = { role: "admin", surface: "cli" } as const;
  return {
    call: (method, params) => runtime.dispatch(method, params, caller, new AbortController().signal),
    subscribe: (listener) => runtime.subscribe(listener),
    // It is this process: what ends it ends the command too.
    lost: new Promise(() => undefined),
    close: () => runtime.close(),
  };
};
