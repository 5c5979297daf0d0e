import * as vscode from "vscode";
import { consentText } from "../../schemas/consents.ts";
import type { Context } from "../context.ts";
import { folderTarget, tell } from "./targets.ts";

/** Revokes consents of the user for a workspace. CODITECT asks again when it needs them. */
export const revokeConsent = async ({ runtime }: Context): Promise<void> => {
  const folder = await folderTarget();
  if (folder === null) return;
  const key = folder.uri.toString();
  const { items } = await runtime.call("consents/list", {}, key);
  if (items.length === 0) {
    tell(vscode.l10n.t("You have not allowed anything for this workspace."));
    return;
  }
  const picked = await vscode.window.showQuickPick(
    items.map(({ name, of }) => ({ label: consentText({ name, of }, vscode.l10n), name, of })),
    {
      title: vscode.l10n.t("Revoke Consents"),
      placeHolder: vscode.l10n.t("Select the consents to revoke"),
      canPickMany: true,
    },
  );
  if (picked === undefined || picked.length === 0) return;
  for (const { name, of } of picked) await runtime.call("consents/set", { name, of, given: false }, key);
  tell(vscode.l10n.t("Revoked. CODITECT will ask again when it needs your consent."));
};
