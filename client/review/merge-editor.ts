import * as vscode from "vscode";
import { fileInFolder } from "../folders.ts";
import { reviewUri } from "./documents.ts";
import { shownAs, type Proposal } from "./proposal.ts";

/**
 * Opens a file whose changes overlap with the user's own changes in VS Code's merge editor. Its result starts
 * as the user's file. Nothing is written until the user completes the merge.
 */
export const openMergeEditor = async (proposal: Proposal, folder: string, task_id: string): Promise<void> => {
  const { path } = proposal.file;
  const output = fileInFolder(folder, path);
  if (proposal.before === null || proposal.wanted === null) {
    // Without a common ancestor, or with one side deleted, there is nothing to merge: a diff shows it.
    const title = vscode.l10n.t("{0} (yours ↔ proposed)", path);
    const proposed = reviewUri("after", { folder, task_id, ...shownAs(proposal) });
    await vscode.commands.executeCommand("vscode.diff", output, proposed, title);
    return;
  }
  const file = { folder, task_id, ...shownAs(proposal) };
  // The command of the built-in Git extension. It has no public name.
  await vscode.commands.executeCommand("_open.mergeEditor", {
    base: reviewUri("before", file),
    input1: { uri: output, title: vscode.l10n.t("Yours"), description: path, detail: "" },
    input2: {
      uri: reviewUri("after", file),
      title: vscode.l10n.t("Proposed by the agents"),
      description: path,
      detail: "",
    },
    output,
  });
};
