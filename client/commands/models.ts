import * as vscode from "vscode";
import type { AskedModel, ModelInfo } from "../../schemas/contract.ts";
import { defaultModels } from "../../schemas/default-models.ts";
import { modelOverview, type ProviderOverview } from "../../schemas/model-overview.ts";
import type { Context } from "../context.ts";
import type { ProviderChoice } from "../contributions.ts";
import { setting } from "../settings.ts";
import { sayProgress } from "../say.ts";
import { setKey } from "./keys.ts";
import { folderTarget, tell } from "./targets.ts";

interface Choice extends vscode.QuickPickItem {
  /** Absent on separators and on items that cannot be chosen. */
  chosen?: ChosenModel;
  /** The provider whose key must be set before its models are known. */
  keyFor?: ProviderChoice;
  /** The model that Ollama must pull first, because it has none. */
  pull?: string;
}

/** A provider and its model. `agent`: each agent's own. */
export interface ChosenModel {
  provider: ProviderChoice;
  model: string;
}

/** Writes the user's choice to the settings. */
export const chooseModel = async (context: Context): Promise<void> => {
  const folder = await folderTarget();
  const chosen = folder === null ? null : await askModel(context, folder);
  if (folder !== null && chosen !== null) await store(chosen, folder);
};

/**
 * Asks the user to choose a model if none can answer, and saves the choice for later runs. `null`: the user
 * cancelled.
 *
 * @param problem the reason why no model can answer.
 */
export const askFirstModel = async (
  context: Context,
  folder: vscode.WorkspaceFolder,
  problem: string,
): Promise<ChosenModel | null> => {
  const chosen = await askModel(context, folder, problem);
  if (chosen !== null && chosen.provider !== "Rehearsal") await store(chosen, folder);
  return chosen;
};

/**
 * Lists the installed and reachable models with their prices. `null`: the user picked none.
 *
 * @param problem the reason for the question. Omitted: the user opened the list.
 */
export const askModel = async (
  context: Context,
  folder: vscode.WorkspaceFolder,
  problem: string | null = null,
): Promise<ChosenModel | null> => {
  const picker = vscode.window.createQuickPick<Choice>();
  picker.title = vscode.l10n.t("Choose Provider and Model");
  picker.placeholder = vscode.l10n.t("Asking the providers…");
  picker.matchOnDescription = true;
  picker.matchOnDetail = true;
  picker.busy = true;
  const marked = (choices: Choice[]): Choice[] => choices.map((choice) => markCurrent(choice, folder));
  picker.items = marked(fixedChoices());
  picker.show();
  const cancelled = new vscode.CancellationTokenSource();
  const accepted = Promise.withResolvers<Choice | null>();
  picker.onDidAccept(() => {
    accepted.resolve(picker.selectedItems[0] ?? null);
  });
  picker.onDidHide(() => {
    cancelled.cancel();
    accepted.resolve(null);
  });
  const key = folder.uri.toString();
  context.runtime.call("models/list", { reachable: true }, key, cancelled.token).then(
    ({ items }) => {
      picker.items = marked([...fixedChoices(), ...modelChoices(items)]);
      picker.placeholder =
        problem === null
          ? vscode.l10n.t("Used by every agent of a run instead of its own model")
          : vscode.l10n.t("{0} Choose a model for the agents.", sentence(problem));
      picker.busy = false;
    },
    (error: unknown) => {
      accepted.reject(error instanceof Error ? error : new Error(String(error)));
    },
  );
  const choice = await accepted.promise.finally(() => {
    picker.dispose();
  });
  if (choice?.keyFor !== undefined && (await setKey(context, false, choice.keyFor)))
    return askModel(context, folder, problem);
  if (choice?.pull !== undefined) return pullModel(context, folder, choice.pull);
  return choice?.chosen ?? null;
};

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** Resolves with the model when Ollama has pulled it. */
const pullModel = async (
  { runtime }: Context,
  folder: vscode.WorkspaceFolder,
  model: string,
): Promise<ChosenModel> => {
  const title = vscode.l10n.t("Ollama pulls {0}", model);
  await sayProgress(title, async (report, token) => {
    const following = runtime.onEvent(({ event }) => {
      if (event.type !== "model.pulling" || event.model !== model) return;
      const { status, completed, total } = event;
      const share = total === 0 ? "" : ` ${Math.floor((100 * completed) / total)} %`;
      report(`${status}${share}`);
    });
    try {
      await runtime.call("models/pull", { model }, folder.uri.toString(), token);
    } finally {
      following.dispose();
    }
  });
  return { provider: "Ollama", model };
};

/** The choice in the settings is marked, so that the list shows which model is in use. */
const markCurrent = (choice: Choice, folder: vscode.WorkspaceFolder): Choice => {
  const { chosen } = choice;
  const isCurrent =
    chosen?.provider === setting("model.provider", folder) &&
    (chosen.provider === "agent" ||
      chosen.provider === "Rehearsal" ||
      chosen.model === setting("model.name", folder));
  return isCurrent ? { ...choice, label: `$(check) ${choice.label}` } : choice;
};

const separator = (label: string): Choice => ({ label, kind: vscode.QuickPickItemKind.Separator });

const fixedChoices = (): Choice[] => [
  {
    label: vscode.l10n.t("Each agent's own"),
    description: vscode.l10n.t("as configured"),
    chosen: { provider: "agent", model: "" },
  },
  {
    label: vscode.l10n.t("Rehearsal"),
    description: vscode.l10n.t("a built-in script for the sample project; no model, no key, no cost"),
    chosen: { provider: "Rehearsal", model: "" },
  },
];

const modelChoices = (models: readonly ModelInfo[]): Choice[] =>
  modelOverview(models).flatMap((provider) => [separator(provider.name), ...providerChoices(provider)]);

/** A provider that cannot be used is one line. It says why, and leads to what is missing. */
const providerChoices = ({ name, readiness, models, problem }: ProviderOverview): Choice[] => {
  switch (readiness) {
    case "ready":
      return models.map((model) => ({
        label: model.name,
        description: name,
        detail: [price(model), contextWindow(model)].filter((part) => part !== "").join(" · "),
        chosen: { provider: name, model: model.name },
      }));
    case "no_key":
      return [
        {
          label: vscode.l10n.t("$(key) Set the key for {0}…", name),
          detail: problem ?? "",
          keyFor: name,
        },
      ];
    case "no_model":
      return name === "Ollama"
        ? [
            {
              label: `$(cloud-download) ${vscode.l10n.t("Pull {0}", defaultModels.Ollama)}`,
              detail: vscode.l10n.t("Ollama runs, but has no model yet."),
              pull: defaultModels.Ollama,
            },
          ]
        : [{ label: `$(circle-slash) ${name}`, detail: vscode.l10n.t("It lists no models.") }];
    case "unreachable":
      return [{ label: `$(circle-slash) ${name}`, detail: problem ?? "" }];
  }
};

const price = ({ price: dollars }: Pick<ModelInfo, "price">): string => {
  if (dollars === null) return vscode.l10n.t("price unknown");
  if (dollars.input === 0 && dollars.output === 0) return vscode.l10n.t("free");
  return vscode.l10n.t("${0} in, ${1} out per million tokens", dollars.input, dollars.output);
};

/** The agents with their models and prices. */
export const askedText = (asked: readonly AskedModel[]): string =>
  asked.map((model) => `${model.agent_types.join(", ")}: ${model.model} (${price(model)})`).join("; ");

const contextWindow = ({ context_window }: ModelInfo): string =>
  context_window === null ? "" : vscode.l10n.t("window of {0} tokens", context_window.toLocaleString());

const store = async ({ provider, model }: ChosenModel, folder: vscode.WorkspaceFolder): Promise<void> => {
  const configuration = vscode.workspace.getConfiguration("coditect", folder);
  const isSetHere = configuration.inspect("model.provider")?.workspaceValue !== undefined;
  const target = isSetHere ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
  await configuration.update("model.provider", provider, target);
  await configuration.update("model.name", model, target);
  const name = model === "" ? provider : `${provider} · ${model}`;
  tell(
    provider === "agent"
      ? vscode.l10n.t("Each agent uses its own model.")
      : vscode.l10n.t("Agents now use {0}.", name),
  );
};
