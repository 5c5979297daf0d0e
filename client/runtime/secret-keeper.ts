import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { keepingSecrets, PageToOpen, SecretName, SecretToStore } from "../../schemas/kept-secrets.ts";
import { sayWarning } from "../say.ts";

/** Shows the whole address and opens the page only if the user agrees. */
const openPage = async ({ server, url }: { server: string; url: string }): Promise<boolean> => {
  const open = vscode.l10n.t("Open Page");
  const message = vscode.l10n.t("Open this page to log in to the MCP server {0}? {1}", server, url);
  if ((await sayWarning(message, open, vscode.l10n.t("Cancel"))) !== open) return false;
  return vscode.env.openExternal(vscode.Uri.parse(url, true));
};

/** Stores the runtime's logins to MCP servers in VS Code's secret storage, and opens the pages of logins. */
export const keepSecrets = (client: LanguageClient, secrets: vscode.SecretStorage): vscode.Disposable =>
  vscode.Disposable.from(
    client.onRequest(keepingSecrets.read, async (asked: unknown) => ({
      text: (await secrets.get(SecretName.parse(asked).name)) ?? null,
    })),
    client.onRequest(keepingSecrets.store, async (asked: unknown) => {
      const { name, text } = SecretToStore.parse(asked);
      if (text === null) await secrets.delete(name);
      else await secrets.store(name, text);
      return {};
    }),
    client.onRequest(keepingSecrets.openPage, async (asked: unknown) => ({
      opened: await openPage(PageToOpen.parse(asked)),
    })),
  );
