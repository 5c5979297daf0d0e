import * as vscode from "vscode";
import type { AIProvider } from "../schemas/agent.ts";
import { defaultModels } from "../schemas/default-models.ts";
import type { EditorOptions } from "../schemas/editor.ts";
import { withoutLogin } from "../schemas/logins.ts";
import { nestSettings, type SettingValues } from "../schemas/nested-settings.ts";
import type { SettingKey } from "../schemas/setting-table.ts";
import type { RunOptions } from "../schemas/run.ts";
import type { z } from "zod";
import type { HttpSettings } from "./runtime/proxy-environment.ts";
import { runtimeSettings, settingDefaults, type SettingName, workspaceRules } from "./contributions.ts";
import { tightenedSetting, type WorkspaceRule } from "../schemas/tighten.ts";

type Settings = typeof settingDefaults;

const ruleOf = (name: SettingName): WorkspaceRule =>
  Object.entries<WorkspaceRule>(workspaceRules).find(([each]) => each === name)?.[1] ?? "user";

/**
 * The value of a setting for a workspace folder: the user's value, tightened by the workspace as {@link
 * workspaceRules} allows. If the value has another type, the default.
 */
export const setting = <Name extends SettingName>(
  name: Name,
  scope?: vscode.ConfigurationScope,
): Settings[Name] => {
  const byDefault: Settings[Name] = settingDefaults[name];
  const written = vscode.workspace.getConfiguration("coditect", scope).inspect<Settings[Name]>(name);
  const value = tightenedSetting(ruleOf(name), byDefault, written);
  const isNullable = name.startsWith("limits.") && value === null;
  // The type is the same as that of the default. The schema in package.json limits the values.
  return isNullable || typeof value === typeof byDefault || byDefault === null
    ? (value as Settings[Name])
    : byDefault;
};

/**
 * The provider that the user chose for every agent. `null`: each agent's own. The rehearsal must be started
 * first and has its own function: {@link wantsRehearsal}.
 */
export const chosenProvider = (scope?: vscode.ConfigurationScope): AIProvider | null =>
  providerOf(setting("model.provider", scope), setting("model.name", scope).trim(), scope);

/** Without a name and password, because the runtime gets them with `endpoints`. */
const askOllama = (model: string, address: string): AIProvider => ({
  Ollama: { model, endpoint: withoutLogin(address) },
});

/** The provider for such a model, with the other settings. */
export const providerOf = (
  choice: Settings["model.provider"],
  model: string,
  scope?: vscode.ConfigurationScope,
): AIProvider | null => {
  if (model === "") return null;
  const max_tokens = setting("model.maxTokens", scope);
  switch (choice) {
    case "Claude":
      return { Claude: { model, max_tokens } };
    case "Gemini":
      return { Gemini: { model, max_tokens } };
    case "Ollama":
      return askOllama(model, setting("model.ollamaEndpoint", scope));
    case "HuggingFace":
      return { HuggingFace: { model, api_key: "secret:huggingface" } };
    case "VSCode":
      return { VSCode: { model } };
    case "agent":
    case "Rehearsal":
      return null;
  }
};

export const wantsRehearsal = (scope?: vscode.ConfigurationScope): boolean =>
  setting("model.provider", scope) === "Rehearsal";

/** Whether the user set this. If not, the value that the user set outside of the editor applies. */
const isWritten = (name: SettingName): boolean =>
  vscode.workspace.getConfiguration("coditect").inspect(name)?.globalValue !== undefined;

const runLimits = {
  cost_per_run: "limits.costPerRun",
  cost_per_day: "limits.costPerDay",
  tokens_per_run: "limits.tokensPerRun",
} as const;

/** The limits that the user or the workspace set. The runtime takes the strictest of these and its own. */
const writtenLimits = (scope: vscode.ConfigurationScope): Record<string, number | null> =>
  Object.fromEntries(
    Object.entries(runLimits).flatMap(([key, name]) => {
      const value = setting(name, scope);
      return isWritten(name) || value !== settingDefaults[name] ? [[key, value]] : [];
    }),
  );

const orNull = (text: string): string | null => (text.trim() === "" ? null : text.trim());

/** The options of a run in a folder, from its settings. */
export const runOptions = (
  scope: vscode.ConfigurationScope,
  provider: AIProvider | null,
): z.input<typeof RunOptions> => {
  const runtime = setting("run.runtime", scope);
  return {
    provider,
    runtime: runtime === "agent" ? null : runtime,
    image: orNull(setting("run.image", scope)),
    limits: writtenLimits(scope),
    timeout_seconds: isWritten("run.timeoutMinutes") ? setting("run.timeoutMinutes", scope) * 60 : null,
    test_command: orNull(setting("run.testCommand", scope)),
    allow_test_changes: setting("run.allowTestChanges", scope),
    ask_permissions: true,
  };
};

/** Addresses to use instead of the providers' own. Values that are not addresses are left out. */
const endpoints = (): Partial<Record<"Claude" | "Gemini" | "HuggingFace", string>> => {
  const chosen = { Claude: process.env.ANTHROPIC_BASE_URL ?? "", ...setting("model.endpoints") };
  return Object.fromEntries(Object.entries(chosen).filter(([, address]) => URL.canParse(address)));
};

// The keys of this record are the names of settings.
const handedOn = Object.entries(runtimeSettings) as [SettingName, SettingKey][];

/** The user's values of the settings that the editor only passes to the runtime. */
const ownValues = (): SettingValues => {
  const values: SettingValues = {};
  const configuration = vscode.workspace.getConfiguration("coditect");
  for (const [name, key] of handedOn) values[key] = configuration.inspect<unknown>(name)?.globalValue;
  return values;
};

/**
 * The settings of the workspace, then those of the folder. The runtime uses them to tighten the user's
 * values.
 */
const askedFor = (folder: vscode.WorkspaceFolder): Record<string, unknown>[] => {
  const configuration = vscode.workspace.getConfiguration("coditect", folder);
  return (["workspaceValue", "workspaceFolderValue"] as const).map((place) => {
    const asked = (name: SettingName) => configuration.inspect<unknown>(name)?.[place];
    const values: SettingValues = { runtime: asked("run.runtime") };
    for (const [name, key] of handedOn) if (ruleOf(name) !== "user") values[key] = asked(name);
    const minutes = asked("run.timeoutMinutes");
    if (typeof minutes === "number") values.run_timeout_seconds = minutes * 60;
    return nestSettings(values);
  });
};

/** The provider in the settings. If only an address of Ollama is set, it is Ollama. */
const writtenProvider = (): AIProvider | null => {
  const endpoint = setting("model.ollamaEndpoint");
  const byAddress = isWritten("model.ollamaEndpoint") && URL.canParse(endpoint);
  return chosenProvider() ?? (byAddress ? askOllama(defaultModels.Ollama, endpoint) : null);
};

/** The user's settings that calls do not carry, and the settings of the workspace. */
export const editorSettings = (): z.input<typeof EditorOptions>["settings"] => {
  const ollama = setting("model.ollamaEndpoint");
  const provider = writtenProvider();
  return {
    runtime: {
      ...nestSettings(ownValues()),
      endpoints: {
        ...endpoints(),
        ...(isWritten("model.ollamaEndpoint") && { Ollama: URL.canParse(ollama) ? ollama : null }),
      },
      ...(provider !== null && { provider }),
    },
    folders: Object.fromEntries(
      (vscode.workspace.workspaceFolders ?? []).map((folder) => [folder.uri.toString(), askedFor(folder)]),
    ),
    code_lens: setting("codeLens.enabled"),
  };
};

/** VS Code's own settings for access to the internet. */
export const httpSettings = (): HttpSettings => {
  const http = vscode.workspace.getConfiguration("http");
  return {
    proxy: http.get("proxy", ""),
    noProxy: http.get<string[]>("noProxy", []),
    strictSSL: http.get("proxyStrictSSL", true),
    support: http.get("proxySupport", "override"),
    systemCertificates: http.get("systemCertificates", true),
  };
};

/**
 * Whether a change affects the location of the runtime's state or the addresses of providers. The runtime
 * reads these only when it starts.
 */
export const holdsFromNextStart = (change: vscode.ConfigurationChangeEvent): boolean =>
  [
    "coditect.server",
    "coditect.state",
    "coditect.telemetry",
    "coditect.model.endpoints",
    "coditect.model.ollamaEndpoint",
    "coditect.model.responseCache",
    "http.proxy",
    "http.noProxy",
    "http.proxyStrictSSL",
    "http.proxySupport",
    "http.systemCertificates",
  ].some((name) => change.affectsConfiguration(name));

/** Whether a change of the configuration affects {@link editorSettings}. */
export const touchesEditorSettings = (change: vscode.ConfigurationChangeEvent): boolean =>
  ["limits", "findings", "codeLens", "feedback", "model", "run", "pool", "state", "alerts", "telemetry"].some(
    (section) => change.affectsConfiguration(`coditect.${section}`),
  );
