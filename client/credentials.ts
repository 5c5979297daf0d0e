import type * as vscode from "vscode";
import type { ProviderName } from "../schemas/agent.ts";
import type { Call } from "./runtime/api.ts";

/** Providers that require a key. Ollama needs none. */
export const keyedProviders = ["Claude", "Gemini", "HuggingFace"] as const satisfies ProviderName[];
export type KeyedProvider = (typeof keyedProviders)[number];

/** Keys in the editor's secret storage. The runtime gets them and keeps them only in memory. */
export interface Credentials {
  readonly has: (provider: KeyedProvider) => Promise<boolean>;
  /** Stores a key after the provider has accepted it in a real call. Otherwise, returns the reason. */
  set(provider: KeyedProvider, key: string, call: Call, folder: string): Promise<KeyCheck>;
  remove(provider: KeyedProvider, call: Call, folder: string): Promise<void>;
  /** Sends all stored keys to the runtime. */
  readonly handOver: (call: Call, folder: string) => Promise<void>;
}

/** `unknown`: the provider could not be reached. The key is stored anyway. */
type KeyCheck =
  { result: "accepted" } | { result: "rejected"; problem: string } | { result: "unknown"; problem: string };

const secretName = (provider: KeyedProvider): string => `coditect.key.${provider}`;

export const createCredentials = (secrets: vscode.SecretStorage): Credentials => {
  const read = async (provider: KeyedProvider) => secrets.get(secretName(provider));

  return {
    has: async (provider) => (await read(provider)) !== undefined,

    set: async (provider, key, call, folder) => {
      const before = await read(provider);
      await call("credentials/set", { provider, keys: [key] }, folder);
      const check = await checkKey(provider, call, folder);
      if (check.result === "rejected") {
        const keys = before === undefined ? [] : [before];
        await call("credentials/set", { provider, keys }, folder);
      } else {
        await secrets.store(secretName(provider), key);
      }
      return check;
    },

    remove: async (provider, call, folder) => {
      await secrets.delete(secretName(provider));
      await call("credentials/set", { provider, keys: [] }, folder);
    },

    handOver: async (call, folder) => {
      for (const provider of keyedProviders) {
        const key = await read(provider);
        if (key !== undefined) await call("credentials/set", { provider, keys: [key] }, folder);
      }
    },
  };
};

/** Lists the provider's models with the key: the cheapest real call there is. */
const checkKey = async (provider: KeyedProvider, call: Call, folder: string): Promise<KeyCheck> => {
  const { items } = await call("models/list", { reachable: true }, folder);
  const models = items.filter((model) => provider in model.provider);
  if (models.some((model) => model.available)) return { result: "accepted" };
  const { problem, problem_code } = models.find((model) => model.problem !== null) ?? NO_MODELS;
  return { result: problem_code === "credential_rejected" ? "rejected" : "unknown", problem: problem ?? "" };
};

const NO_MODELS = { problem: null, problem_code: null };
