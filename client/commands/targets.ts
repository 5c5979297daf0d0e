import * as vscode from "vscode";
import { z } from "zod";
import type { Context } from "../context.ts";
import { folderOf, pathInFolder, pickFolder } from "../folders.ts";
import { newestFirst, type RunRecord } from "../tree/model.ts";
import { parseNode, type Node } from "../tree/nodes.ts";
import { runStatusText, runTitle } from "../tree/run-items.ts";
import { sayInformation } from "../say.ts";

/**
 * The target of a command. Tree menus pass a node, file menus pass a URI, and the Command Palette passes
 * nothing. In that case, the target is the active editor or the user's choice.
 */
export interface FileTarget {
  folder: vscode.WorkspaceFolder;
  uri: vscode.Uri;
  /** Path inside the folder. */
  path: string;
}

export const nodeOf = (argument: unknown): Node | null =>
  typeof argument === "string" ? parseNode(argument) : null;

const uriOf = (argument: unknown): vscode.Uri | null => {
  if (argument instanceof vscode.Uri) return argument;
  const linked = z.looseObject({ uri: z.string() }).safeParse(argument);
  return linked.success ? vscode.Uri.parse(linked.data.uri) : null;
};

/** The file for a command. Tells the user if there is none. */
export const fileTarget = (argument: unknown): FileTarget | null => {
  const uri = uriOf(argument) ?? vscode.window.activeTextEditor?.document.uri;
  if (uri?.scheme !== "file") {
    tell(vscode.l10n.t("Open a file of the workspace first."));
    return null;
  }
  const folder = folderOf(uri);
  if (folder === null) {
    tell(vscode.l10n.t("{0} is not in a folder of the workspace.", uri.fsPath));
    return null;
  }
  return { folder, uri, path: pathInFolder(folder, uri) };
};

/** The folder for a run. Tells the user if none is open. */
export const folderTarget = async (): Promise<vscode.WorkspaceFolder | null> => {
  if ((vscode.workspace.workspaceFolders ?? []).length === 0) {
    tell(vscode.l10n.t("Open a folder first: agents work on its files."));
    return null;
  }
  return pickFolder();
};

/** Shows a message that the user needs now, because they started the action. Does not wait. */
export const tell = (message: string): void => {
  void sayInformation(message);
};

/** The run of a node, the only matching run, or the run that the user picks. */
export const runTarget = async (
  { sidebar }: Context,
  argument: unknown,
  fits: (run: RunRecord) => boolean,
  nothing: string,
): Promise<RunRecord | null> => {
  const node = nodeOf(argument);
  if (node !== null && "task_id" in node) {
    const run = sidebar.model.runs.get(node.task_id);
    if (run === undefined) tell(nothing);
    return run ?? null;
  }
  const runs = [...sidebar.model.runs.values()].filter(fits).sort(newestFirst);
  if (runs.length === 0) tell(nothing);
  if (runs.length <= 1) return runs[0] ?? null;
  const picked = await vscode.window.showQuickPick(
    runs.map((run) => ({
      label: runTitle(run),
      description: runStatusText(run.status, vscode.l10n),
      detail: new Date(run.created_at).toLocaleString(),
      run,
    })),
    { placeHolder: vscode.l10n.t("Which run?"), matchOnDescription: true },
  );
  return picked?.run ?? null;
};

/** The execution of a node, or one that the user picks. */
export const executionTarget = async (
  context: Context,
  argument: unknown,
  nothing: string,
): Promise<{ folder: string; execution_id: string } | null> => {
  const { model } = context.sidebar;
  const node = nodeOf(argument);
  if (node !== null && "execution_id" in node) {
    const taskId = model.executions.get(node.execution_id)?.summary.task_id;
    const run = taskId === undefined ? undefined : model.runs.get(taskId);
    if (run === undefined) tell(nothing);
    return run === undefined ? null : { folder: run.folder, execution_id: node.execution_id };
  }
  const run = await runTarget(context, argument, () => true, nothing);
  if (run === null) return null;
  if (!run.complete) await context.sidebar.loadRun(run.folder, run.task_id);
  const executions = [...run.stages.values()]
    .flatMap(({ execution_ids }) => execution_ids)
    .flatMap((id) => model.executions.get(id)?.summary ?? []);
  if (executions.length === 0) tell(nothing);
  if (executions.length <= 1) return toTarget(run.folder, executions[0]?.execution_id);
  const picked = await vscode.window.showQuickPick(
    executions.map((summary) => ({
      label: vscode.l10n.t("{0}, round {1}", summary.stage, summary.round),
      description: `${summary.agent_name} · ${summary.status}`,
      id: summary.execution_id,
    })),
    { placeHolder: vscode.l10n.t("Which execution?") },
  );
  return toTarget(run.folder, picked?.id);
};

const toTarget = (folder: string, id: string | undefined) =>
  id === undefined ? null : { folder, execution_id: id };
