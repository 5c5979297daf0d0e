import * as vscode from "vscode";
import { notificationText } from "../schemas/plain-text.ts";

/*
 * All notifications go through this module. VS Code turns `[text](command:…)` into a link, so a provider's
 * error or an agent's name could contain a link that runs a command when it is clicked.
 */

export const sayInformation = (message: string, ...items: string[]): Thenable<string | undefined> =>
  vscode.window.showInformationMessage(notificationText(message), ...items);

export const sayWarning = (message: string, ...items: string[]): Thenable<string | undefined> =>
  vscode.window.showWarningMessage(notificationText(message), ...items);

export const sayError = (message: string, ...items: string[]): Thenable<string | undefined> =>
  vscode.window.showErrorMessage(notificationText(message), ...items);

/** Asks a question in the middle of the window. `detail` can have several lines. */
export const askModal = (message: string, detail: string, ...items: string[]): Thenable<string | undefined> =>
  vscode.window.showWarningMessage(
    notificationText(message),
    { modal: true, detail: detail.split("\n").map(notificationText).join("\n") },
    ...items,
  );

/** Shows a notification while `work` is in progress. `report` sets the message about the current step. */
export const sayProgress = <Result>(
  title: string,
  work: (report: (message: string) => void, token: vscode.CancellationToken) => Thenable<Result>,
  { cancellable } = { cancellable: true },
): Thenable<Result> =>
  vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: notificationText(title), cancellable },
    (progress, token) =>
      work((message) => {
        progress.report({ message: notificationText(message) });
      }, token),
  );
