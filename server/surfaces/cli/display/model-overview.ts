import type { ProviderName } from "../../../../schemas/agent.ts";
import type { AskedModel } from "../../../../schemas/contract.ts";
import { defaultModels } from "../../../../schemas/default-models.ts";
import type { ProviderOverview } from "../../../../schemas/model-overview.ts";
import { plural } from "./format.ts";
import { alignColumns } from "./summary.ts";

/** The name of a provider on the command line. */
export const choiceName = (name: ProviderName): string => name.toLowerCase();

/** The pages where users create a key of a provider or get Ollama. */
const pages: Readonly<Record<ProviderName, string>> = {
  Ollama: "ollama.com/download",
  Claude: "console.anthropic.com",
  Gemini: "aistudio.google.com",
  HuggingFace: "huggingface.co/settings/tokens",
  VSCode: "code.visualstudio.com/docs/copilot",
};

const priceText = ({ price }: AskedModel): string => {
  if (price === null) return "price unknown";
  if (price.input === 0 && price.output === 0) return "free";
  return `$${price.input} in, $${price.output} out per million tokens`;
};

/** The agents with their models and prices, in one line. */
export const askedText = (asked: readonly AskedModel[]): string => {
  const parts = asked.map(
    (model) => `${model.agent_types.join(", ")}: ${model.provider}/${model.model} (${priceText(model)})`,
  );
  return `Models: ${parts.join("; ")}`;
};

/** The state of a provider, in a few words. */
export const readinessText = ({ name, readiness, models, problem }: ProviderOverview): string => {
  switch (readiness) {
    case "ready":
      return `${plural(models.length, "model")}, such as ${models.at(0)?.name ?? ""}`;
    case "no_model":
      return name === "Ollama" ? `it runs, but has no model yet` : "it lists no models";
    case "no_key":
      return `${problem ?? "No API key."} Get one at ${pages[name]}`;
    case "unreachable":
      return name === "Ollama" ? `it does not run (${pages.Ollama})` : (problem ?? "it does not answer");
  }
};

/** The command that makes a model available in this state. Null if there is none. */
const commandOf = ({ name, readiness }: ProviderOverview): string | null => {
  if (readiness === "unreachable") return null;
  return readiness === "no_model" && name === "Ollama"
    ? `models pull ${defaultModels.Ollama}`
    : `models use ${choiceName(name)}`;
};

/** The state of every provider with the next step, for the case that no model can answer. */
export const overviewText = (
  providers: readonly ProviderOverview[],
  { program, rehearsal }: { program: string; rehearsal: string },
): string => {
  const rows = providers.map((provider) => {
    const command = commandOf(provider);
    const next = command === null ? "" : `${program} ${command}`;
    return [`  ${choiceName(provider.name)}`, readinessText(provider), next];
  });
  const rehearse = ["  rehearsal", "a script plays the model: no key, no network, no cost", rehearsal];
  return ["What can answer here:", ...alignColumns([rehearse, ...rows])].join("\n");
};
