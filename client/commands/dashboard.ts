import * as vscode from "vscode";
import type { Context } from "../context.ts";
import { folderTarget } from "./targets.ts";

/** Shows the dashboard as a page in the editor's own colors, without scripts. */
export const showDashboard = async ({ runtime }: Context): Promise<void> => {
  const folder = await folderTarget();
  if (folder === null) return;
  const key = folder.uri.toString();
  const read = async () => (await runtime.call("metrics/report", { folder: key }, key)).html;
  const html = await read();
  const panel = vscode.window.createWebviewPanel(
    "coditect.dashboard",
    vscode.l10n.t("CODITECT Dashboard"),
    vscode.ViewColumn.Active,
    { enableScripts: false, enableCommandUris: ["coditect.showRun"], localResourceRoots: [] },
  );
  panel.webview.html = html;
  const follow = runtime.onEvent(({ folder: from, event }) => {
    if (from !== key || event.type !== "run.finished") return;
    read().then(
      (fresh) => {
        panel.webview.html = fresh;
      },
      // It still shows the previous data. The next run asks again.
      () => undefined,
    );
  });
  panel.onDidDispose(() => {
    follow.dispose();
  });
};
