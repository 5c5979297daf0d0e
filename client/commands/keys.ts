import * as vscode from "vscode";
import type { Context } from "../context.ts";
import { keyedProviders, type KeyedProvider } from "../credentials.ts";
import { setContext } from "../context-keys.ts";
import { tell } from "./targets.ts";
import { sayError, sayProgress } from "../say.ts";

const keyPages: Record<KeyedProvider, string> = {
  Claude: "console.anthropic.com",
  Gemini: "aistudio.google.com",
  HuggingFace: "huggingface.co/settings/tokens",
};

const pickProvider = async (
  { credentials }: Context,
  title: string,
  mode: "any" | "stored",
): Promise<KeyedProvider | null> => {
  const items = await Promise.all(
    keyedProviders.map(async (provider) => {
      const stored = await credentials.has(provider);
      return { label: provider, description: stored ? vscode.l10n.t("key is set") : "", provider, stored };
    }),
  );
  const offered = items.filter(({ stored }) => mode === "any" || stored);
  if (offered.length === 0) tell(vscode.l10n.t("No key is stored."));
  if (offered.length === 0) return null;
  const picked = await vscode.window.showQuickPick(offered, {
    title,
    placeHolder: vscode.l10n.t("Which provider?"),
  });
  return picked?.provider ?? null;
};

const folderForKeys = (): string => vscode.workspace.workspaceFolders?.[0]?.uri.toString() ?? "";

/**
 * Asks for a key, tries it in a real call, and stores it unless it was rejected. True: the key was stored.
 */
export const setKey = async (context: Context, replace: boolean, argument: unknown): Promise<boolean> => {
  const title = replace ? vscode.l10n.t("Rotate API Key") : vscode.l10n.t("Set API Key");
  const named = keyedProviders.find((provider) => provider === argument);
  const provider = named ?? (await pickProvider(context, title, replace ? "stored" : "any"));
  if (provider === null) return false;
  const key = await vscode.window.showInputBox({
    title: `${title}: ${provider}`,
    prompt: vscode.l10n.t(
      "VS Code keeps the key in its secret storage, never in a file. Get a key at {0}.",
      keyPages[provider],
    ),
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) => (text.trim() === "" ? vscode.l10n.t("Paste the key.") : null),
  });
  if (key === undefined) return false;
  const check = await sayProgress(
    vscode.l10n.t("Checking the key for {0}…", provider),
    () => context.credentials.set(provider, key.trim(), context.runtime.call, folderForKeys()),
    { cancellable: false },
  );
  switch (check.result) {
    case "accepted":
      setContext("coditect.modelChosen", true);
      tell(vscode.l10n.t("{0} accepted the key.", provider));
      return true;
    case "unknown":
      tell(
        vscode.l10n.t("The key for {0} is stored, but it could not be checked: {1}", provider, check.problem),
      );
      return true;
    case "rejected": {
      const again = vscode.l10n.t("Try Again");
      const message = vscode.l10n.t("{0} The key was not stored.", check.problem);
      if ((await sayError(message, again)) !== again) return false;
      return setKey(context, replace, null);
    }
  }
};

export const removeKey = async (context: Context): Promise<void> => {
  const provider = await pickProvider(context, vscode.l10n.t("Remove API Key"), "stored");
  if (provider === null) return;
  await context.credentials.remove(provider, context.runtime.call, folderForKeys());
  tell(vscode.l10n.t("The key for {0} was removed.", provider));
};
