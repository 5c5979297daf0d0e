import * as vscode from "vscode";
import type { AIProvider } from "../../schemas/agent.ts";
import { editorCommands } from "../../schemas/editor.ts";
import type { Json } from "../../schemas/primitives.ts";
import type { Context } from "../context.ts";
import { chosenProvider, runOptions, wantsRehearsal } from "../settings.ts";
import { fileTarget, folderTarget } from "./targets.ts";

export interface StartRequest {
  folder: vscode.WorkspaceFolder;
  /** Id or name of the team. */
  team: string;
  task?: string;
  file?: string | null;
  data?: Json;
  provider?: AIProvider | null;
}

/** Starts a team run with the folder's settings; resolves with its task id. */
export const startRun = async (
  { runtime, sidebar, extension, withConsent }: Context,
  request: StartRequest,
): Promise<string> => {
  const { folder, team, task = "", file = null, data = null } = request;
  const key = folder.uri.toString();
  const provider = request.provider ?? (await providerFor({ runtime }, folder));
  const options = runOptions(folder, provider);
  const run = await withConsent(key, vscode.l10n.t("The team {0}", team), () =>
    runtime.call("teams/execute", { team_id: team, task, file, data, options }, key),
  );
  await extension.workspaceState.update("lastTeam", team);
  await sidebar.loadRun(key, run.task_id);
  return run.task_id;
};

/** The provider of the settings; the rehearsal is started first. */
const providerFor = async (
  { runtime }: Pick<Context, "runtime">,
  folder: vscode.WorkspaceFolder,
): Promise<AIProvider | null> =>
  wantsRehearsal(folder)
    ? (await runtime.call("models/rehearsal", {}, folder.uri.toString())).provider
    : chosenProvider(folder);

export const runTdd = async (context: Context, argument: unknown): Promise<void> => {
  const target = fileTarget(argument);
  if (target !== null) await startRun(context, { folder: target.folder, team: "tdd", file: target.path });
};

export const runTddOnSymbol = async (context: Context, argument: unknown): Promise<void> => {
  const { symbol } = editorCommands["coditect.runTddOnSymbol"].parse(argument);
  const target = fileTarget(argument);
  if (target === null) return;
  const task = vscode.l10n.t("Work on `{0}` of this file.", symbol);
  await startRun(context, { folder: target.folder, team: "tdd", file: target.path, task });
};

const ask = (title: string, prompt: string, placeHolder: string): Thenable<string | undefined> =>
  vscode.window.showInputBox({
    title,
    prompt,
    placeHolder,
    ignoreFocusOut: true,
    validateInput: (text) =>
      text.trim() === "" ? vscode.l10n.t("Say in a few words what it is about.") : null,
  });

export const runBugFix = async (context: Context, argument: unknown): Promise<void> => {
  const folder = await folderTarget();
  if (folder === null) return;
  const task = await ask(
    vscode.l10n.t("Bug-Fix Team"),
    vscode.l10n.t("What goes wrong, and what should happen instead? A stack trace can be pasted."),
    vscode.l10n.t("split(100, 3) loses a cent"),
  );
  if (task === undefined) return;
  const uri = argument instanceof vscode.Uri ? argument : undefined;
  const file = uri === undefined ? null : (fileTarget(uri)?.path ?? null);
  await startRun(context, { folder, team: "bug-fix", task, file });
};

export const runArchitecture = async (context: Context): Promise<void> => {
  const folder = await folderTarget();
  if (folder === null) return;
  const task = await ask(
    vscode.l10n.t("Architecture Team"),
    vscode.l10n.t("Which requirements need a decision?"),
    vscode.l10n.t("Bills must be kept when the program ends"),
  );
  if (task !== undefined) await startRun(context, { folder, team: "architecture", task });
};

/** A review changes nothing: its findings appear as problems. */
export const reviewFile = async (context: Context, argument: unknown): Promise<void> => {
  const target = fileTarget(argument);
  if (target !== null) await startRun(context, { folder: target.folder, team: "review", file: target.path });
};

export const runTeam = async (context: Context): Promise<void> => {
  const folder = await folderTarget();
  if (folder === null) return;
  const { items } = await context.runtime.call("teams/list", { limit: 500 }, folder.uri.toString());
  const team = await vscode.window.showQuickPick(
    items.map(({ name, description, members }) => ({
      label: name,
      detail: description,
      description: members.map(({ agent_type }) => agent_type).join(" → "),
    })),
    { title: vscode.l10n.t("Run Team"), placeHolder: vscode.l10n.t("Which team?"), matchOnDetail: true },
  );
  if (team === undefined) return;
  const task = await vscode.window.showInputBox({
    title: vscode.l10n.t("Run {0}", team.label),
    prompt: vscode.l10n.t("What is to be done? Leave it empty for the team's own default."),
    ignoreFocusOut: true,
  });
  if (task === undefined) return;
  const active = vscode.window.activeTextEditor?.document.uri;
  const file = active?.scheme === "file" ? (fileTarget(active)?.path ?? null) : null;
  await startRun(context, { folder, team: team.label, task, file });
};
