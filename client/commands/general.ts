import * as vscode from "vscode";
import { describeRuntime } from "../status.ts";
import type { Context } from "../context.ts";
import { walkthroughId, type CommandId } from "../contributions.ts";
import { currentStage } from "../../schemas/run-view.ts";
import { activeRuns, hasPendingChanges } from "../tree/model.ts";
import { runTitle } from "../tree/run-items.ts";
import { pickFolder } from "../folders.ts";
import { tell } from "./targets.ts";

export const openStateFolder = async ({ runtime }: Context): Promise<void> => {
  if (runtime.state.kind === "ready" && runtime.state.server !== null) {
    tell(vscode.l10n.t("The records of this workspace are on the team server {0}.", runtime.state.server));
    return;
  }
  const folder = await pickFolder();
  if (folder === null) return;
  const { state_folder } = await runtime.call("runtime/status", {}, folder.uri.toString());
  const uri = vscode.Uri.joinPath(vscode.Uri.file(state_folder), "state.json");
  const isInside = vscode.workspace.getWorkspaceFolder(uri) !== undefined;
  await vscode.commands.executeCommand(isInside ? "revealInExplorer" : "revealFileInOS", uri);
};

export const openSettings = (): Thenable<unknown> =>
  vscode.commands.executeCommand("workbench.action.openSettings", "@ext:coditect.coditect-agents");

export const openWalkthrough = (): Thenable<unknown> =>
  vscode.commands.executeCommand("workbench.action.openWalkthrough", walkthroughId, false);

interface MenuItem extends vscode.QuickPickItem {
  run?: () => Thenable<unknown>;
}

/** The menu of the status item: the current state, and the actions for it. */
export const showMenu = async (context: Context): Promise<void> => {
  const picked = await vscode.window.showQuickPick(menuItems(context), {
    title: "CODITECT",
    placeHolder: describeRuntime(context.runtime),
  });
  await picked?.run?.();
};

const menuItems = ({ sidebar }: Context): MenuItem[] => {
  const command = (label: string, id: CommandId, argument?: string): MenuItem => ({
    label,
    run: () => vscode.commands.executeCommand(id, argument),
  });
  const ofRun = (label: string, id: CommandId, taskId: string, description: string): MenuItem => ({
    ...command(label, id, `run:${taskId}`),
    description,
  });
  const separator = (label: string): MenuItem => ({ label, kind: vscode.QuickPickItemKind.Separator });
  return [
    ...activeRuns(sidebar.model).map((run) =>
      ofRun(
        vscode.l10n.t("$(debug-stop) Cancel {0}", runTitle(run)),
        "coditect.cancelRun",
        run.task_id,
        currentStage(run)?.state.name ?? "",
      ),
    ),
    ...[...sidebar.model.runs.values()]
      .filter(hasPendingChanges)
      .slice(0, 5)
      .map((run) =>
        ofRun(
          vscode.l10n.t("$(diff-multiple) Review changes of {0}", runTitle(run)),
          "coditect.reviewChanges",
          run.task_id,
          vscode.l10n.t("{0} files", run.changes.length),
        ),
      ),
    separator(vscode.l10n.t("Teams")),
    command(vscode.l10n.t("$(beaker) Run TDD Team on Current File"), "coditect.runTdd"),
    command(vscode.l10n.t("$(organization) Run Team…"), "coditect.runTeam"),
    separator(vscode.l10n.t("Runtime")),
    command(vscode.l10n.t("$(server-environment) Choose Provider and Model…"), "coditect.chooseModel"),
    command(vscode.l10n.t("$(output) Show Log"), "coditect.showLog"),
    command(vscode.l10n.t("$(debug-restart) Restart Runtime"), "coditect.restartRuntime"),
  ];
};
