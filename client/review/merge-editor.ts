import * as vscode from "vscode";
import { fileInFolder } from "../folders.ts";
import { reviewUri } from "./documents.ts";
import { shownAs, type Proposal } from "./proposal.ts";

/**
 * Shows a file whose changes overlap with the user's own in VS Code's merge editor. Its result is the
 * user's file as it is; nothing is written until they complete the merge.
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
  // The command the built-in Git extension uses; it has no public name.
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
