import * as vscode from "vscode";
import { itemText } from "../../schemas/plain-text.ts";
import type { FolderAlert } from "../alerts.ts";
import type { Context } from "../context.ts";
import { viewIds } from "../contributions.ts";
import { tell } from "./targets.ts";

export const showAlerts = (): Thenable<unknown> => vscode.commands.executeCommand(`${viewIds.alerts}.focus`);

/**
 * Acknowledges an alert. In the view, it is the alert of the row. In the Command Palette, the user picks one.
 */
export const acknowledgeAlert = async ({ alerts }: Context, argument: unknown): Promise<void> => {
  const raised = alerts.raised();
  const known = raised.find((entry) => entry === argument) ?? (await pick(raised));
  if (known !== null) await alerts.acknowledge(known);
};

const pick = async (raised: readonly FolderAlert[]): Promise<FolderAlert | null> => {
  if (raised.length === 0) {
    tell(vscode.l10n.t("There is no alert to acknowledge."));
    return null;
  }
  const items = raised.map((entry) => ({ label: itemText(entry.alert.message), entry }));
  const picked = await vscode.window.showQuickPick(items, { title: vscode.l10n.t("Acknowledge Alert") });
  return picked?.entry ?? null;
};
