import type { ProviderName } from "../../schemas/agent.ts";
import { fail } from "../../schemas/errors.ts";
import { SerialQueue } from "../../schemas/serial-queue.ts";
import type { Credentials } from "./gateway.ts";
import { readKey, readKeys } from "./key-text.ts";
import { keyVariableIn, standardName } from "./key-variables.ts";
import { readVault, seal, unseal, writeVault, type StoredKeys } from "./vault.ts";

const nameOf = (provider: ProviderName, reference: string | null): string =>
  reference?.replace(/^secret:/, "") ?? standardName(provider);

/** Keys of the environment. Several, separated by commas, are valid together, the newest first. */
export const environmentCredentials = (environment: NodeJS.ProcessEnv): Credentials => ({
  keys: (provider, reference) =>
    new Promise((resolve) => {
      const isOther = nameOf(provider, reference) !== standardName(provider);
      const name = keyVariableIn(environment, provider) ?? "";
      resolve(isOther ? [] : readKeys(environment[name] ?? "", name));
    }),
});

/** Keys that are only in memory: those from the editor's secret storage. */
export interface HeldCredentials extends Credentials {
  /** Replaces the keys of a provider; an empty list removes them. */
  set(provider: ProviderName, keys: readonly string[]): void;
}

export const heldCredentials = (): HeldCredentials => {
  const held = new Map<ProviderName, readonly string[]>();
  return {
    set: (provider, keys) => {
      const source = `the editor's secret storage for ${provider}`;
      held.set(
        provider,
        keys.map((key) => readKey(key, source)),
      );
    },
    keys: (provider) => Promise.resolve(held.get(provider) ?? []),
  };
};

/** What is shown of a stored key; never the key itself. */
interface StoredKeyInfo {
  /** `claude`, `gemini`, `ollama`, `huggingface`, or the NAME of an agent's `secret:NAME`. */
  name: string;
  /** One for each valid key, the preferred one first; `ending` is its last four characters. */
  keys: { ending: string; added_at: string }[];
}

/** The encrypted file of the command line. Every method may throw `credentials_closed`. */
export interface CredentialStore extends Credentials {
  /** Replaces all keys by this one. */
  set(name: string, key: string): Promise<void>;
  /** Puts a new key first; the previous one stays valid until the next rotation. */
  rotate(name: string, key: string): Promise<void>;
  list(): Promise<StoredKeyInfo[]>;
  /** Throws `not_found` if there is no such name. */
  remove(name: string): Promise<void>;
  /** A secret that is not a key, such as the tokens of a login; null: there is none. */
  text(name: string): Promise<string | null>;
  /** null removes it. */
  setText(name: string, text: string | null): Promise<void>;
}

export interface VaultOptions {
  /** Absolute path of the file; it need not exist. */
  file: string;
  /** The variable for the passphrase, for messages. */
  variable: string;
  /** Called only when the file is opened or created; null: there is no passphrase. */
  passphrase: (isNew: boolean) => Promise<string | null>;
  now: () => string;
}

/** What is stored is never empty: the file would not open again. Error: `credential_malformed`. */
const readStored = (given: string, name: string): string => {
  const key = readKey(given, name);
  if (key === "") throw fail("credential_malformed", { source: name, reason: "it is empty" });
  return key;
};

export const openCredentialStore = ({ file, variable, passphrase, now }: VaultOptions): CredentialStore => {
  /** Deriving the key is slow on purpose, so a file that has not changed is not opened again. */
  let opened: { text: string; keys: StoredKeys } | null = null;

  const demandPassphrase = async (isNew: boolean): Promise<string> => {
    const given = await passphrase(isNew);
    if (given !== null && given !== "") return given;
    throw fail("credentials_closed", {
      reason: "no passphrase was given",
      hint: `Set ${variable}, enter the passphrase when asked, or unlock the keychain that stores it.`,
    });
  };
  const read = async (): Promise<StoredKeys> => {
    const text = await readVault(file);
    if (text === null) return {};
    if (opened?.text !== text) opened = { text, keys: await unseal(text, await demandPassphrase(false)) };
    return opened.keys;
  };
  /** Of two simultaneous changes, one would be lost. */
  const changes = new SerialQueue();
  const change = (edit: (keys: StoredKeys) => StoredKeys): Promise<void> =>
    changes.run(async () => {
      const keys = edit(await read());
      const text = await seal(keys, await demandPassphrase((await readVault(file)) === null));
      await writeVault(file, text);
      opened = { text, keys };
    });

  return {
    keys: async (provider, reference) => {
      const stored = (await read())[nameOf(provider, reference)] ?? [];
      // An older version stored keys without checking them.
      return stored.map(({ key }) => readKey(key, nameOf(provider, reference)));
    },
    set: (name, given) =>
      change((keys) => ({ ...keys, [name]: [{ key: readStored(given, name), added_at: now() }] })),
    rotate: (name, given) =>
      change((keys) => {
        const key = readStored(given, name);
        const [current] = (keys[name] ?? []).filter((stored) => stored.key !== key);
        return { ...keys, [name]: [{ key, added_at: now() }, ...(current ? [current] : [])] };
      }),
    list: async () =>
      Object.entries(await read()).map(([name, keys]) => ({
        name,
        keys: keys.map(({ key, added_at }) => ({ ending: key.length > 8 ? key.slice(-4) : "", added_at })),
      })),
    remove: (name) =>
      change((keys) => {
        if (keys[name] === undefined) throw fail("not_found", { kind: "stored key", id: name });
        return without(keys, name);
      }),
    text: async (name) => (await read())[name]?.[0]?.key ?? null,
    setText: (name, text) =>
      change((keys) => ({
        ...without(keys, name),
        ...(text !== null && { [name]: [{ key: text, added_at: now() }] }),
      })),
  };
};

const without = (keys: StoredKeys, name: string): StoredKeys =>
  Object.fromEntries(Object.entries(keys).filter(([other]) => other !== name));

/** The keys of the first source that has any: editor, environment, encrypted file. */
export const firstOf = (...sources: readonly Credentials[]): Credentials => ({
  keys: async (provider, reference) => {
    for (const source of sources) {
      const keys = await source.keys(provider, reference);
      if (keys.length > 0) return keys;
    }
    return [];
  },
});
