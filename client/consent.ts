import * as vscode from "vscode";
import type { CoditectError } from "../schemas/errors.ts";
import { isCatalogued } from "./errors.ts";
import type { RuntimeClient } from "./runtime/api.ts";

/**
 * Does what sets agents to work in a folder (URI). Where their commands would run unconfined, the user
 * is asked first, once per workspace; what they were told of stays undone if they do not consent.
 * `who`: whose commands these are.
 */
export type WithConsent = <Result>(
  folder: string,
  who: string,
  start: () => Promise<Result>,
) => Promise<Result>;

export const createConsent = ({ call }: Pick<RuntimeClient, "call">): WithConsent => {
  /** By folder: two runs that begin together are one question. */
  const open = new Map<string, Promise<boolean>>();

  const ask = async (folder: string, who: string, { message }: CoditectError): Promise<boolean> => {
    const allow = vscode.l10n.t("Allow in This Workspace");
    const settings = vscode.l10n.t("Open Settings");
    const text = vscode.l10n.t("{0} waits for your consent. {1}", who, message);
    const answer = await vscode.window.showWarningMessage(text, allow, settings);
    if (answer === settings)
      await vscode.commands.executeCommand("workbench.action.openSettings", "coditect.run.unconfined");
    if (answer !== allow) return false;
    await call("consents/set", { name: "unconfined", given: true }, folder);
    return true;
  };

  return async (folder, who, start) => {
    try {
      return await start();
    } catch (error) {
      if (!isCatalogued(error) || error.code !== "consent_needed") throw error;
      const asking = open.get(folder) ?? ask(folder, who, error).finally(() => open.delete(folder));
      open.set(folder, asking);
      if (!(await asking)) throw new vscode.CancellationError();
      return start();
    }
  };
};
