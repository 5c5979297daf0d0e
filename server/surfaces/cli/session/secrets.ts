import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fail } from "../../../../schemas/errors.ts";
import {
  type CredentialStore,
  environmentCredentials,
  firstOf,
  openCredentialStore,
} from "../../../gateway/credentials.ts";
import type { Credentials } from "../../../gateway/gateway.ts";
import { userFolder } from "../../../platform/user-folder.ts";
import { keptPassphrase, openKeychain } from "./keychain.ts";

/**
 * The encrypted file of keys; its passphrase is `CODITECT_PASSPHRASE`, or kept in the operating
 * system's keychain, or asked for at a terminal.
 */
export const credentialStore = (environment: NodeJS.ProcessEnv): CredentialStore => {
  const file = join(userFolder(environment), "credentials.json");
  const kept = keptPassphrase(
    () => openKeychain(file),
    () => askSecret("Passphrase of the stored keys: "),
  );
  return openCredentialStore({
    file,
    passphrase: (isNew) =>
      environment.CODITECT_PASSPHRASE === undefined
        ? kept(isNew)
        : Promise.resolve(environment.CODITECT_PASSPHRASE),
    now: () => new Date().toISOString(),
  });
};

/** Keys of the environment, then those of the encrypted file. */
export const cliCredentials = (environment: NodeJS.ProcessEnv): Credentials => {
  const stored = credentialStore(environment);
  return firstOf(environmentCredentials(environment), {
    // A local Ollama needs no key, and so no passphrase.
    keys: (provider, reference) =>
      provider === "Ollama" && reference === null ? Promise.resolve([]) : stored.keys(provider, reference),
  });
};

/** Reads a line without showing it; null without a terminal. */
export const askSecret = async (question: string): Promise<string | null> => {
  if (!process.stdin.isTTY) return null;
  const { createInterface } = await import("node:readline/promises");
  const { Writable } = await import("node:stream");
  const silent = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  process.stderr.write(question);
  const reader = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await reader.question("");
  } finally {
    reader.close();
    process.stderr.write("\n");
  }
};

/** From a hidden prompt or standard input, never from the command line, where others could read it. */
export const readKey = async (name: string): Promise<string> => {
  const given = process.stdin.isTTY ? await askSecret(`Key for ${name}: `) : await text(process.stdin);
  const key = given?.trim() ?? "";
  if (key === "") throw fail("usage", { problem: `No key for ${name} was given.` });
  return key;
};
