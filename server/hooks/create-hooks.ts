import type { Settings } from "../../schemas/settings.ts";
import { ServerSandbox, type SandboxOptions } from "../tools/server-sandbox.ts";
import { WorkspaceHooks, type HooksParts } from "./hooks.ts";
import type { Hooks } from "./hooks-api.ts";

interface CreateParts extends Omit<HooksParts, "settings" | "sandbox" | "checked">, SandboxOptions {
  settings: Pick<Settings, "allowed_hosts" | "untrusted">;
}

/** The hooks of a workspace. Commands are confined as instances are, and HTTP hooks as other HTTP tools. */
export const createHooks = (parts: CreateParts): Hooks => {
  const { settings } = parts;
  return new WorkspaceHooks({
    ...parts,
    sandbox: new ServerSandbox(parts),
    checked: async () =>
      (await import("../tools/checked-fetch.ts")).createCheckedFetch(() => settings.allowed_hosts),
  });
};
