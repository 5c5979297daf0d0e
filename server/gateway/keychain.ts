import { randomBytes } from "node:crypto";

/** One secret in the operating system's keychain. */
export interface Keychain {
  /** null: it was never written. */
  read(): Promise<string | null>;
  write(secret: string): Promise<void>;
}

/** The system may ask the user to unlock it, and the user may be away. */
const DEADLINE_MS = 60_000;

/**
 * The keychain of macOS, Windows, or the Secret Service of a Linux desktop; null if there is none, as on
 * a machine without a desktop, or if the optional library is not installed. The kernel's keyring does
 * not count, because it is empty after a restart.
 */
export const openKeychain = async (account: string): Promise<Keychain | null> => {
  try {
    const { AsyncEntry } = await import("@napi-rs/keyring");
    const entry = new AsyncEntry("coditect-agents", account, { linux: { store: "secret-service" } });
    const within = (): AbortSignal => AbortSignal.timeout(DEADLINE_MS);
    return {
      read: () => entry.getPassword(within()),
      write: (secret) => entry.setPassword(secret, within()),
    };
  } catch {
    return null;
  }
};

/**
 * Source of a file's passphrase: the keychain, or else `ask`. If there is a keychain, a new file gets a
 * random passphrase that the user need not know.
 */
export const keptPassphrase =
  (open: () => Promise<Keychain | null>, ask: () => Promise<string | null>) =>
  async (isNew: boolean): Promise<string | null> => {
    const keychain = await open();
    if (keychain === null) return ask();
    try {
      const kept = await keychain.read();
      if (kept !== null) return kept;
      if (!isNew) return await ask();
      const made = randomBytes(32).toString("base64url");
      await keychain.write(made);
      return made;
    } catch {
      return ask(); // Locked, or its owner said no.
    }
  };
