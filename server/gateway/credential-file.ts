import { join } from "node:path";
import { userFolder } from "../platform/user-folder.ts";
import { type CredentialStore, openCredentialStore } from "./credentials.ts";
import { keptPassphrase, openKeychain } from "./keychain.ts";

/** Below the user's folder. Each tenant of a team server has its own file with its own passphrase. */
const placeOf = (tenant: string | null): string[] =>
  tenant === null ? ["credentials.json"] : ["tenants", tenant, "credentials.json"];

/** How the names of a tenant's variables begin in the environment of its server. */
export const tenantPrefix = (tenant: string): string =>
  `CODITECT_TENANT_${tenant.toUpperCase().replaceAll("-", "_")}__`;

/**
 * The encrypted file of keys and logins of the user, or of a tenant of the user's team server. Its passphrase
 * is `CODITECT_PASSPHRASE`, or kept in the operating system's keychain, or what `ask` returns.
 */
export const openCredentialFile = (
  environment: NodeJS.ProcessEnv,
  ask: () => Promise<string | null>,
  tenant: string | null = null,
): CredentialStore => {
  const file = join(userFolder(environment), ...placeOf(tenant));
  const kept = keptPassphrase(() => openKeychain(file), ask);
  return openCredentialStore({
    file,
    variable: `${tenant === null ? "" : tenantPrefix(tenant)}CODITECT_PASSPHRASE`,
    passphrase: (isNew) =>
      environment.CODITECT_PASSPHRASE === undefined
        ? kept(isNew)
        : Promise.resolve(environment.CODITECT_PASSPHRASE),
    now: () => new Date().toISOString(),
  });
};
