import { type AIProvider, type ProviderName, withModel } from "./agent.ts";
import type { ModelInfo } from "./contract.ts";
import { BY_ROLE, defaultModels } from "./default-models.ts";
import type { ErrorCode } from "./errors.ts";

/**
 * What a provider can do for somebody who has not chosen a model yet. `ready`: it lists models;
 * `no_key`: a key is missing or was rejected; `no_model`: it runs and has none; `unreachable`: it does
 * not answer.
 */
type Readiness = "ready" | "no_key" | "no_model" | "unreachable";

export interface ProviderOverview {
  name: ProviderName;
  readiness: Readiness;
  /** Models it lists right now; those known of it where it cannot be asked. */
  models: ModelInfo[];
  /** Why it is not ready; null: nothing went wrong. */
  problem: string | null;
}

/** In this order they are offered: what runs on this machine comes first. */
const offered: readonly ProviderName[] = ["VSCode", "Ollama", "Claude", "Gemini", "HuggingFace"];

const keyProblems: readonly ModelInfo["problem_code"][] = [
  "credential_missing",
  "credential_rejected",
  "credential_malformed",
  "credentials_closed",
];

/** Errors that mean: there is no model that this run could ask. */
const noModelCodes: readonly string[] = [
  "credential_missing",
  "credential_rejected",
  "provider_unreachable",
  "model_not_found",
] satisfies ErrorCode[];

/** Whether choosing another model helps against this error. */
export const meansNoModel = (code: string): boolean => noModelCodes.includes(code);

const overviewOf = (name: ProviderName, listed: readonly ModelInfo[]): ProviderOverview => {
  const ready = listed.filter(({ available }) => available);
  if (ready.length > 0) return { name, readiness: "ready", models: ready, problem: null };
  const first = listed.at(0);
  if (first === undefined) return { name, readiness: "no_model", models: [], problem: null };
  const readiness = keyProblems.includes(first.problem_code) ? "no_key" : "unreachable";
  return { name, readiness, models: [...listed], problem: first.problem };
};

/** Providers with what each can do, from the answer of `models/list` with `reachable`. */
export const modelOverview = (items: readonly ModelInfo[]): ProviderOverview[] =>
  offered.flatMap((name) => {
    const listed = items.filter(({ provider }) => name in provider);
    // Outside VS Code there is nothing to say of its models.
    return name === "VSCode" && listed.length === 0 ? [] : [overviewOf(name, listed)];
  });

/**
 * The model to start with: by the roles of agents if our default is there, else the first one; null: it
 * has none. Ollama has one model for all.
 */
export const firstModelOf = ({ name, models }: ProviderOverview): AIProvider | null => {
  const preferred = models.find((model) => model.name.split(":")[0] === defaultModels[name]);
  const provider = (preferred ?? models.at(0))?.provider ?? null;
  const isByRole = provider !== null && preferred !== undefined && name !== "Ollama";
  return isByRole ? withModel(provider, BY_ROLE) : provider;
};
