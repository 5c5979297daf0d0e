import { join } from "node:path";
import { userFolder } from "../platform/user-folder.ts";
import { type CredentialStore, openCredentialStore } from "./credentials.ts";
import { keptPassphrase, openKeychain } from "./keychain.ts";

/**
 * The user's encrypted file of keys and logins. Its passphrase is `CODITECT_PASSPHRASE`, or kept in the
 * operating system's keychain, or what `ask` returns.
 */
export const openCredentialFile = (
  environment: NodeJS.ProcessEnv,
  ask: () => Promise<string | null>,
): CredentialStore => {
  const file = join(userFolder(environment), "credentials.json");
  const kept = keptPassphrase(() => openKeychain(file), ask);
  return openCredentialStore({
    file,
    passphrase: (isNew) =>
      environment.CODITECT_PASSPHRASE === undefined
        ? kept(isNew)
        : Promise.resolve(environment.CODITECT_PASSPHRASE),
    now: () => new Date().toISOString(),
  });
};
