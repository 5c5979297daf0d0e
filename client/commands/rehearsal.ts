import * as vscode from "vscode";
import { z } from "zod";
import type { Context } from "../context.ts";
import { exists } from "../folders.ts";
import { folderTarget } from "./targets.ts";
import { startRun } from "./start.ts";
import { askModal, sayInformation } from "../say.ts";

/** The file and task of the rehearsal's script for a workflow. The runtime plays the script itself. */
const Script = z.looseObject({ task: z.string(), file: z.string().nullable() });

export const runRehearsal = async (context: Context): Promise<void> => {
  const folder = await folderTarget();
  if (folder === null) return;
  const source = vscode.Uri.joinPath(context.extension.extensionUri, "media", "rehearsal", "tdd.json");
  const { task, file } = Script.parse(
    JSON.parse(new TextDecoder().decode(await vscode.workspace.fs.readFile(source))),
  );
  if (file !== null && !(await exists(vscode.Uri.joinPath(folder.uri, file)))) {
    const open = vscode.l10n.t("Open the Sample Project");
    const message = vscode.l10n.t("The rehearsal runs on the sample project.");
    if ((await sayInformation(message, open)) === open) await openSample(context);
    return;
  }
  const { provider } = await context.runtime.call("models/rehearsal", {}, folder.uri.toString());
  await startRun(context, { folder, team: "tdd", task, file, provider });
};

/** Opens a copy of the sample project, so that the shipped one does not change. */
export const openSample = async ({ extension }: Context): Promise<void> => {
  const copy = vscode.Uri.joinPath(extension.globalStorageUri, "split-the-bill");
  if (!(await exists(copy)) || (await wantsFresh()))
    await vscode.workspace.fs.copy(vscode.Uri.joinPath(extension.extensionUri, "media", "sample"), copy, {
      overwrite: true,
    });
  await vscode.commands.executeCommand("vscode.openFolder", copy, { forceReuseWindow: true });
};

const wantsFresh = async (): Promise<boolean> => {
  const fresh = vscode.l10n.t("Start Over");
  const message = vscode.l10n.t("You have opened the sample project before.");
  const detail = vscode.l10n.t("Starting over discards every change in it.");
  const answer = await askModal(message, detail, fresh, vscode.l10n.t("Open as It Is"));
  if (answer === undefined) throw new vscode.CancellationError();
  return answer === fresh;
};
