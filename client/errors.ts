import * as vscode from "vscode";
import type { CoditectError } from "../schemas/errors.ts";
import { exists, fileInFolder } from "./folders.ts";
import { sayError } from "./say.ts";
import { helpFor, type Way } from "./ways.ts";

/**
 * Shows an error to the user, with buttons for possible actions.
 *
 * @param again repeats the failed action, if that can help.
 */
export const showError = async (
  error: unknown,
  log: vscode.LogOutputChannel,
  again: (() => Thenable<unknown>) | null = null,
): Promise<void> => {
  if (error instanceof vscode.CancellationError) return;
  if (!isCatalogued(error)) {
    log.error("A command failed", error);
    const { ways } = helpFor("internal", null);
    await offer(vscode.l10n.t("CODITECT could not do that: {0}", String(error)), ways);
    return;
  }
  log.warn(error.message, { code: error.code });
  if (error.code === "cancelled") return;
  const { ways, nextStep } = helpFor(error.code, error.nextStep);
  const text = `${error.message} ${nextStep}`.trim();
  if (error.code === "invalid_file") await offerFile(text, error);
  else await offer(text, ways, error.retryable ? again : null);
};

/** Recognized by its name, because importing the class would load the schemas at activation. */
export const isCatalogued = (error: unknown): error is CoditectError =>
  error instanceof Error && error.name === "CoditectError";

/** Shows what went wrong, with a button for each action. */
export const offer = async (
  text: string,
  ways: readonly Way[],
  again: (() => Thenable<unknown>) | null = null,
): Promise<void> => {
  const tryAgain = vscode.l10n.t("Try Again");
  const titles = [...(again === null ? [] : [tryAgain]), ...ways.map(({ title }) => title)];
  const chosen = await sayError(text, ...titles);
  if (chosen === tryAgain) await again?.();
  const way = ways.find(({ title }) => title === chosen);
  if (way !== undefined) await vscode.commands.executeCommand(way.command, way.argument);
};

const offerFile = async (text: string, { data }: CoditectError): Promise<void> => {
  const open = vscode.l10n.t("Open File");
  if ((await sayError(text, open)) === open)
    await openConfigurationFile(String(data.path), Number(data.line ?? 1));
};

/** Opens a file of the workspace at its first error. `line` counts from 1. */
export const openConfigurationFile = async (path: string, line: number): Promise<void> => {
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    const uri = fileInFolder(folder.uri.toString(), path);
    if (!(await exists(uri))) continue;
    const start = new vscode.Position(Math.max(0, line - 1), 0);
    await vscode.window.showTextDocument(uri, { selection: new vscode.Range(start, start) });
    return;
  }
};
