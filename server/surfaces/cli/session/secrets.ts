import { text } from "node:stream/consumers";
import { fail } from "../../../../schemas/errors.ts";
import { type CredentialStore, environmentCredentials, firstOf } from "../../../gateway/credentials.ts";
import { openCredentialFile } from "../../../gateway/credential-file.ts";
import type { Credentials } from "../../../gateway/gateway.ts";

/**
 * The encrypted file of keys, of the user or of a tenant. If no keychain stores its passphrase, the terminal asks
 * for it.
 */
export const credentialStore = (
  environment: NodeJS.ProcessEnv,
  tenant: string | null = null,
): CredentialStore => {
  const whose = tenant === null ? "" : ` of ${tenant}`;
  return openCredentialFile(environment, () => askSecret(`Passphrase of the stored keys${whose}: `), tenant);
};

/** Keys from the environment, then those from the encrypted file. */
export const cliCredentials = (
  environment: NodeJS.ProcessEnv,
  stored = credentialStore(environment),
): Credentials =>
  firstOf(environmentCredentials(environment), {
    // A local Ollama needs no key, and therefore no passphrase.
    keys: (provider, reference) =>
      provider === "Ollama" && reference === null ? Promise.resolve([]) : stored.keys(provider, reference),
  });

/** Reads a line without showing it. Null without a terminal. */
const askSecret = async (question: string): Promise<string | null> => {
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

/**
 * Reads a key from a hidden prompt or standard input, never from the command line, where others could read
 * it.
 */
export const readKey = async (name: string): Promise<string> => {
  const given = process.stdin.isTTY ? await askSecret(`Key for ${name}: `) : await text(process.stdin);
  const key = given?.trim() ?? "";
  if (key === "") throw fail("usage", { problem: `No key for ${name} was given.` });
  return key;
};
