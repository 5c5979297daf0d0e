import type { Settings } from "../../schemas/settings.ts";
import { ServerSandbox } from "../tools/server-sandbox.ts";
import { WorkspaceHooks, type HooksParts } from "./hooks.ts";
import type { Hooks } from "./hooks-api.ts";

interface CreateParts extends Omit<HooksParts, "settings" | "sandbox" | "checked"> {
  settings: Pick<Settings, "allowed_hosts" | "untrusted">;
  unconfined: () => Settings["unconfined"];
  /** Absolute path; hooks get scratch folders below it. */
  scratchFolder: string;
}

/** The hooks of a workspace. Commands are confined as instances are, and HTTP hooks as other HTTP tools. */
export const createHooks = ({ unconfined, scratchFolder, ...parts }: CreateParts): Hooks => {
  const { workspace, settings } = parts;
  return new WorkspaceHooks({
    ...parts,
    sandbox: new ServerSandbox(workspace, scratchFolder, unconfined),
    checked: async () =>
      (await import("../tools/checked-fetch.ts")).createCheckedFetch(() => settings.allowed_hosts),
  });
};
