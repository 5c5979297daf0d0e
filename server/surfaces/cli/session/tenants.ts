import { statSync } from "node:fs";
import { resolve } from "node:path";
import { fail } from "../../../../schemas/errors.ts";
import type { SettingsInput } from "../../../../schemas/settings.ts";
import { openCredentialFile, tenantPrefix } from "../../../gateway/credential-file.ts";
import type { OwnedRuntimeOptions } from "../../../hosting/open-runtime.ts";
import { runtimeOptions } from "./connect.ts";

export interface NamedWorkspace {
  name: string;
  /** Absolute path. */
  workspace: string;
}

const NAME = "[a-z0-9]+(?:-[a-z0-9]+)*";

/** Reads the name of a tenant. Error: `usage`. */
export const readTenantName = (text: string): string => {
  if (new RegExp(`^${NAME}$`).test(text)) return text;
  throw fail("usage", { problem: `--tenant ${text}: write a name with small letters, digits and -.` });
};

/** Reads `NAME=DIR` of `--tenant`. Error: `usage`. */
export const readTenant = (text: string, currentFolder: string): NamedWorkspace => {
  const [, name, folder] = new RegExp(`^(${NAME})=(.+)$`).exec(text) ?? [];
  if (name === undefined || folder === undefined)
    throw fail("usage", { problem: `--tenant ${text}: write NAME=DIR, with small letters, digits and -.` });
  const workspace = resolve(currentFolder, folder);
  if (statSync(workspace, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw fail("usage", { problem: `--tenant ${name}: there is no folder ${folder}.` });
  return { name, workspace };
};

/** Variables of the party that pays or is trusted. Tenants must not share them. */
const OWN = /KEY|TOKEN|SECRET|PASS|CREDENTIAL|^(ANTHROPIC|GEMINI|HF|OLLAMA|CODITECT)_/i;

/**
 * The environment of one of several tenants: the server's environment without keys and addresses, plus the
 * tenant's own variables, such as `CODITECT_TENANT_ACME__ANTHROPIC_API_KEY`.
 */
export const environmentOf = (name: string, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  const prefix = tenantPrefix(name);
  const own: NodeJS.ProcessEnv = {};
  for (const [variable, value] of Object.entries(environment)) {
    if (variable.startsWith(prefix)) own[variable.slice(prefix.length)] = value;
    // A value for the tenant takes precedence, regardless of the order.
    else if (!OWN.test(variable)) own[variable] ??= value;
  }
  return own;
};

/**
 * The options of the runtime of one of several tenants. It gets nothing of the server's own keys: it has its own
 * variables and its own encrypted file, which its administrators may change.
 */
export const tenantOptions = (
  { name, workspace }: NamedWorkspace,
  settings: SettingsInput,
  environment: NodeJS.ProcessEnv,
): OwnedRuntimeOptions => {
  const own = environmentOf(name, environment);
  // A request must not wait for someone at the server's terminal.
  const vault = openCredentialFile(own, () => Promise.resolve(null), name);
  return { ...runtimeOptions(workspace, settings, own, {}, vault), environment: own, vault };
};
